"""Strict fields: numbers and texts are not converted into each other, times need a zone."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from smartagent.kernel.coerce import BEFORE, as_json_number, read_threshold
from smartagent.kernel.durations import MAX_DURATION_TEXT, format_duration, parse_duration
from smartagent.kernel.scope import has_everyone, people_visible_to
from smartagent.kernel.texts import keepable as keepable
from smartagent.kernel.times import TIME_EXAMPLE, in_utc
from smartagent.models import User

DEPTH = 20
LONGEST_OBJECT = 100_000  # characters of an object that is kept, as JSON
UNSTORABLE_TEXT = "This contains characters that cannot be stored (NUL or an unpaired surrogate)."
DURATION_REGEX = r"^\s*(0|([0-9]+\s*[wdhmsWDHMS]\s*)+)\s*$"


Asks = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
BOUND = 10**BEFORE  # of a number that is kept to the digit
ZONE = {"minLength": 1, "pattern": "^[A-Za-z0-9_+/-]+$"}  # the name of a time zone; which there are, the machine knows
SECRETS_SET = {
    "type": "object", "additionalProperties": {"type": "boolean"}, "description": "Whether each secret is set.",
}  # fmt: skip
SOMEBODY = {"minLength": 1, "pattern": r"\S"}


class TextField(serializers.CharField):
    """A text; numbers are not converted. `asks`: additions to its OpenAPI schema in requests."""

    default_error_messages = {"not_text": UNSTORABLE_TEXT}

    def __init__(self, *, asks: Asks | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asks: Asks = asks or {}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not keepable(data):
            self.fail("not_text")
        return super().to_internal_value(data)


class IdField(serializers.UUIDField):
    """An id, as a text; numbers are not converted."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class FlagField(serializers.BooleanField):
    """true or false; nothing else is converted."""

    default_error_messages = {"invalid": "Enter true or false, without quotes."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ChoiceField(serializers.ChoiceField):
    """One of the choices, as a text; the error message lists them."""

    default_error_messages = {"invalid_choice": "“{input}” is not one of: {choices}."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and data in self.choices:
            return data
        choices = ", ".join(str(choice) for choice in self.choices)
        return self.fail("invalid_choice", input=str(data)[:40], choices=choices)


@extend_schema_field({"type": "number"})
class NumberField(serializers.Field):  # type: ignore[type-arg]
    """A JSON number, stored as `numeric`."""

    asks: Asks = {"exclusiveMinimum": -BOUND, "exclusiveMaximum": BOUND}

    default_error_messages = {
        "invalid": "Enter a number, for example 70 or 99.5; without quotes.",
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | float | Decimal):
            self.fail("invalid")
        try:
            return read_threshold(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> float | None:
        number = value if isinstance(value, Decimal) else Decimal(repr(value))
        return as_json_number(number) if isfinite(float(number)) else None


class FloatField(serializers.FloatField):
    """A JSON number; a text is none."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            return super().to_internal_value(data)
        except OverflowError:  # a whole number beyond 64 bits
            self.fail("invalid")


class WholeNumberField(serializers.IntegerField):
    """A whole JSON number; a text is none."""

    def to_internal_value(self, data: Any) -> int:
        fraction = isinstance(data, float) and not data.is_integer()  # 2.0 is whole, too
        if fraction or isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(int(data))


@extend_schema_field({"type": "string", "pattern": DURATION_REGEX, "maxLength": MAX_DURATION_TEXT, "examples": ["4h"]})
class DurationField(serializers.Field):  # type: ignore[type-arg]
    """A duration such as `30m`, `4h`, `1d 12h`; `0` for none."""

    default_error_messages = {"invalid": 'Enter a duration as text, for example "30m", "4h" or "0".'}

    def to_internal_value(self, data: Any) -> timedelta:
        if not isinstance(data, str) or not data.strip():
            self.fail("invalid")
        try:
            return parse_duration(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: timedelta) -> str:
        return format_duration(value)


class TimeField(serializers.DateTimeField):
    """A time with a zone; responses have it in UTC."""

    default_error_messages = {
        "naive": f"Include a time zone, for example {TIME_EXAMPLE}.",
        "out_of_range": f"This time is outside the years 1 to 9999. Example: {TIME_EXAMPLE}.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC} | kwargs)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        try:
            return in_utc(value)
        except ValueError:
            return self.fail("out_of_range")


@extend_schema_field({"type": "object", "additionalProperties": True})
class JSONObjectField(serializers.JSONField):
    """A JSON object that PostgreSQL can store."""

    default_error_messages = {
        "not_an_object": 'Use an object: {{"name": ...}}.',
        "not_text": UNSTORABLE_TEXT,
        "too_deep": "The nesting is too deep.",
        "too_long": "As JSON this has {size:,} characters; the maximum is {maximum:,}.",
    }

    def __init__(self, *, longest: int = LONGEST_OBJECT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        self._look_into(data, DEPTH)
        if (size := len(json.dumps(data))) > self.longest:
            self.fail("too_long", size=size, maximum=self.longest)
        return super().to_internal_value(data)

    def _look_into(self, value: Any, depth: int) -> None:
        if depth == 0:
            self.fail("too_deep")
        if isinstance(value, str) and not keepable(value):
            self.fail("not_text")
        if isinstance(value, float) and not math.isfinite(value):
            self.fail("invalid")
        if isinstance(value, dict):
            for name in value:
                self._look_into(name, depth)
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._look_into(part, depth - 1)


class OwnerField(serializers.Field):  # type: ignore[type-arg]
    """The owner: the caller, or with permission to change everyone's objects anybody, by id or e-mail."""

    asks: Asks = SOMEBODY
    default_error_messages = {
        "invalid": "Enter the ID or e-mail address of a person as text.",
        "foreign": "Only operators and administrators can set another owner.",
        "unknown": "No person with the ID or e-mail address “{text}”.",
    }

    def to_internal_value(self, data: Any) -> User:
        if not isinstance(data, str) or not keepable(data):
            self.fail("invalid")
        user: User = self.context["request"].user
        if data.strip().lower() in (str(user.pk), user.email.lower()):
            return user
        if not has_everyone(user, "change"):
            self.fail("foreign")
        return find_person(data, people_visible_to(user)) or self.fail("unknown", text=data[:100])

    def get_attribute(self, instance: Any) -> Any:
        return getattr(instance, f"{self.source}_id")  # the owner need not be fetched to be named

    def to_representation(self, value: Any) -> str:
        return str(value)


def find_person(text: str, among: QuerySet[User]) -> User | None:
    """Return the person of `among` with this id or e-mail address; None if there is none."""
    try:
        return among.filter(pk=UUID(text.strip())).first()
    except ValueError:
        return among.alias(lower_email=Lower("email")).filter(lower_email=text.strip().lower()).first()


def visible_person(text: str, me: User, *, everyone: bool = True) -> User | None:
    """Return the person with this id or e-mail: `me`, or with `everyone` anybody whom `me` may see; else None."""
    if text.lower() in (str(me.pk), me.email.lower()):
        return me
    return find_person(text, people_visible_to(me)) if everyone and keepable(text) else None
