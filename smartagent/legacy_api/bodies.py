"""Bodies of legacy requests. Unknown fields are ignored, as the legacy functions do."""

import math
from typing import Any

from rest_framework import serializers

from smartagent.kernel.coerce import as_number
from smartagent.rest.fields import ChoiceField, IdField, JSONObjectField, TextField

MAX_TITLE, MAX_MESSAGE, MAX_ADDRESS, MAX_METRIC = 1_000, 20_000, 2_000, 200  # characters
MISSING: dict[str, Any] = dict.fromkeys(("required", "null", "blank"), "This field is required.")


class FiniteField(serializers.Field):  # type: ignore[type-arg]
    """A finite number; the legacy platform writes numeric columns as text, too."""

    default_error_messages = {"invalid": "Enter a number, for example 70 or 99.5."}

    def to_internal_value(self, data: Any) -> float:
        found = as_number(data) if isinstance(data, int | float | str) else None
        if found is None or not math.isfinite(found):
            self.fail("invalid")
        return found


class CountField(serializers.Field):  # type: ignore[type-arg]
    """A whole number from 1 to `largest`, as a number or its digits."""

    default_error_messages = {"invalid": "Enter a whole number from 1 to {largest:,}."}

    def __init__(self, largest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.largest = largest

    def to_internal_value(self, data: Any) -> int:
        digits = str(data) if isinstance(data, int | str) and not isinstance(data, bool) else ""
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 10 and 1 <= int(digits) <= self.largest):
            self.fail("invalid", largest=self.largest)
        return int(digits)


class AddressField(TextField):
    """A path of this site, or an http address."""

    default_error_messages = {"address": "Enter a path that begins with / or an address that begins with https://."}

    def to_internal_value(self, data: Any) -> str:
        found = super().to_internal_value(data)
        is_path = found.startswith("/") and not found.startswith(("//", "/\\"))
        if found and not is_path and not found.lower().startswith(("https://", "http://")):
            self.fail("address")
        return found


def required_text(longest: int) -> TextField:
    return TextField(max_length=longest, error_messages=MISSING)


class NotificationBody(serializers.Serializer[Any]):
    user_id = IdField(error_messages=MISSING)
    rule_id = IdField(required=False, allow_null=True, default=None)
    type = ChoiceField(["alert", "notify", "info", "warning", "error", "success"], error_messages=MISSING)
    title, message = required_text(MAX_TITLE), required_text(MAX_MESSAGE)
    severity = ChoiceField(["low", "medium", "high", "critical"], required=False, allow_null=True, default=None)
    action_url = AddressField(
        required=False, allow_null=True, allow_blank=True, default=None, max_length=MAX_ADDRESS
    )  # fmt: skip
    metadata = JSONObjectField(required=False, allow_null=True, default=None)


class OptimizationBody(serializers.Serializer[Any]):
    user_id = IdField(error_messages=MISSING)
    rule_id = IdField(required=False, allow_null=True, default=None)
    metric_type = required_text(MAX_METRIC)
    metric_value, threshold_value = FiniteField(error_messages=MISSING), FiniteField(error_messages=MISSING)
    optimization_type = ChoiceField(["auto", "manual", "scheduled"], required=False, allow_null=True, default=None)
    target_metric = TextField(required=False, allow_null=True, allow_blank=True, default=None, max_length=MAX_METRIC)
