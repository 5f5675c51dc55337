"""The secrets of a data source in JSON: given, kept or removed, never returned."""

from typing import Any

from rest_framework import serializers

from rules.data_sources.connections import HEADER_NAME, SourceSecrets
from rules.data_sources.validation import ENTER_AGAIN_ELSEWHERE, MAX_HEADERS, MAX_SECRET
from rules.models import DataSource
from smartagent.rest.fields import JSONObjectField

HEADER_VALUE = {"type": "string", "pattern": r"^[!-~]([ -~]*[!-~])?$", "maxLength": MAX_SECRET}


class HeadersField(JSONObjectField):
    """Headers by name, each a text, or null for the stored value."""

    asks = {
        "maxProperties": MAX_HEADERS,
        "propertyNames": {"pattern": f"^{HEADER_NAME.pattern}$"},
        "additionalProperties": {"oneOf": [HEADER_VALUE, {"type": "null"}]},
    }

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if not all(isinstance(value, str | None) for value in found.values()):
            raise serializers.ValidationError("Each header is a text, or null for its stored value.")
        return found


def merged_secrets(
    source: DataSource, known: SourceSecrets, given: dict[str, Any], elsewhere: bool
) -> tuple[SourceSecrets, dict[str, list[str]]]:
    """The secrets to store, and what is wrong with keeping stored ones."""
    headers, errors = dict(known.headers), {}
    if "headers" in given:
        kept = {name for name, value in given["headers"].items() if value is None}
        if unknown := sorted(kept - known.headers.keys()):
            errors["headers"] = [f"The header {unknown[0][:100]} has no stored value that null could keep."]
        headers = {name: known.headers.get(name, "") if name in kept else given["headers"][name]
                   for name in given["headers"] if name not in unknown}  # fmt: skip
    else:
        kept = set(headers)
    uses = {DataSource.Authentication.BASIC: "password", DataSource.Authentication.BEARER: "token"}
    stays = uses.get(DataSource.Authentication(source.authentication))
    if elsewhere and kept:
        errors["headers"] = [ENTER_AGAIN_ELSEWHERE]
    if elsewhere and stays and stays not in given and getattr(known, stays):
        errors[stays] = [ENTER_AGAIN_ELSEWHERE]
    password, token = (given.get(name, getattr(known, name)) for name in ("password", "token"))
    return SourceSecrets(password=password, token=token, headers=headers), errors
