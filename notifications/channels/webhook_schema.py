"""The JSON Schema of a webhook's body: https://json-schema.org/draft/2020-12/schema."""

from typing import Any

from notifications.models import Delivery
from rules.models.rule import Severity

TIME = {"type": "string", "format": "date-time"}
TEXT_SCHEMA = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
MESSAGE: dict[str, Any] = {
    "id": {
        "type": "string",
        "format": "uuid",
        "description": "ID of the delivery, the same at each attempt; equals webhook-id.",
    },
    "reason": {"enum": list(Delivery.Reason.values), "description": "Reason for sending."},
    "kind": TEXT_SCHEMA | {"description": "alert, notify, info, warning, error or success."},
    "severity": {"enum": list(Severity.values)},
    "title": TEXT_SCHEMA,
    "message": TEXT_SCHEMA | {"description": "Plain text; empty in a digest."},
    "url": TEXT_SCHEMA | {"description": "URL of the page with details."},
    "recipient": TEXT_SCHEMA | {"description": "E-mail address of the recipient; empty if there is none."},
    "rule": TEXT_OR_NULL | {"description": "ID of the rule."},
    "rule_name": TEXT_OR_NULL,
    "thread": TEXT_OR_NULL | {"description": "The same for all notifications of one instance of a rule."},
    "facts": {
        "type": "object",
        "description": "The numbers: metric, value, operator, threshold, target, entry ...; of an aggregation also "
        "reducer, window (seconds), parameter and series_aggregate.",
    },
}


def schema(address: str) -> dict[str, Any]:
    """The schema; `address` is its URL."""
    message = {"type": "object", "properties": MESSAGE, "required": list(MESSAGE)}
    whole = MESSAGE | {
        "notifications": {
            "type": "array", "minItems": 1, "items": {"$ref": "#/$defs/message"},
            "description": "The notifications of a digest, most severe first; absent otherwise.",
        },
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address,
        "title": "A webhook of Smart Agent", "type": "object",
        "description": "Signed by Standard Webhooks: the headers webhook-id, webhook-timestamp and webhook-signature. "
        "Properties may be added, but not removed.",
        "properties": {
            "type": {"enum": [f"notification.{reason}" for reason in Delivery.Reason.values]}, "timestamp": TIME,
            "data": {"type": "object", "properties": whole, "required": list(MESSAGE)},
        },
        "required": ["type", "timestamp", "data"], "$defs": {"message": message},
    }  # fmt: skip
