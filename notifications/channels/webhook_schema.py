"""What a webhook gets, as a JSON Schema: https://json-schema.org/draft/2020-12/schema."""

from typing import Any

from notifications.models import Delivery
from rules.models.rule import Severity

TIME = {"type": "string", "format": "date-time"}
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
MESSAGE: dict[str, Any] = {
    "id": {"type": "string", "format": "uuid", "description": "The delivery, the same at each attempt; webhook-id."},
    "reason": {"enum": list(Delivery.Reason.values), "description": "Why it is sent."},
    "kind": TEXT | {"description": "alert, notify, info, warning, error or success."},
    "severity": {"enum": list(Severity.values)},
    "title": TEXT,
    "message": TEXT | {"description": "Plain text; empty in a digest."},
    "url": TEXT | {"description": "Where one sees why."},
    "recipient": TEXT | {"description": "The e-mail address of the person; empty where it is nobody's."},
    "rule": TEXT_OR_NULL | {"description": "The id of the rule."},
    "rule_name": TEXT_OR_NULL,
    "thread": TEXT_OR_NULL | {"description": "The same for all that is told of one instance of a rule."},
    "facts": {"type": "object", "description": "The numbers: metric, value, operator, threshold, target, entry ..."},
}


def schema(address: str) -> dict[str, Any]:
    """The schema, which is to be found at `address`."""
    message = {"type": "object", "properties": MESSAGE, "required": list(MESSAGE)}
    whole = MESSAGE | {
        "notifications": {
            "type": "array", "minItems": 1, "items": {"$ref": "#/$defs/message"},
            "description": "The messages of a digest, what matters most first; else it is not there.",
        },
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address,
        "title": "A webhook of Smart Agent", "type": "object",
        "description": "Signed by Standard Webhooks: the headers webhook-id, webhook-timestamp and webhook-signature. "
        "Other properties may be added; none is taken away.",
        "properties": {
            "type": {"enum": [f"notification.{reason}" for reason in Delivery.Reason.values]}, "timestamp": TIME,
            "data": {"type": "object", "properties": whole, "required": list(MESSAGE)},
        },
        "required": ["type", "timestamp", "data"], "$defs": {"message": message},
    }  # fmt: skip
