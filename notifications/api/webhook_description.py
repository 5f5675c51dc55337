"""The webhooks of the OpenAPI document: what a webhook channel posts."""

from datetime import UTC, datetime
from typing import Any

from notifications.channels.message import OutgoingMessage
from notifications.channels.webhook import payload
from notifications.channels.webhook_schema import schema

HEADERS = {
    "webhook-id": "ID of the delivery, the same at each attempt: what was received before can be skipped.",
    "webhook-timestamp": "Seconds since 1970; refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the signature in base64; several, separated by spaces, while a key is replaced.",
}

EXAMPLE = OutgoingMessage(
    id="6f0c0a53-6b1c-4c37-9d0c-3f1a5f0b8a11", reason="first", type="alert", severity="high",
    title="Fusion score too low", text="The fusion score of Alice is 63: below 70.",
    url="https://smartagent.example/activity/7b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c11/change/",
    created_at=datetime(2026, 3, 2, 10, 0, tzinfo=UTC), recipient="Alice", recipient_email="alice@example.com",
    rule="0b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c22", rule_name="Fusion score too low",
    thread="5d1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c33",
    facts={"metric": "fusion_score", "value": 63, "operator": "<", "threshold": 70},
)  # fmt: skip


def describe_webhooks(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the webhooks to the OpenAPI document."""
    whole = schema("")
    message = whole.pop("$defs")["message"]
    whole = {name: value for name, value in whole.items() if name not in ("$schema", "$id")}
    whole["properties"]["data"]["properties"]["notifications"]["items"] = _reference("WebhookMessage")
    result["components"]["schemas"] |= {"Webhook": whole, "WebhookMessage": message}
    result["webhooks"] = {
        "notification": {
            "post": {
                "operationId": "webhook_notification", "tags": ["webhooks"], "summary": "Receive a notification",
                "description": (
                    "What a webhook channel posts, signed by Standard Webhooks if it has a signing key. Any status "
                    "from 200 to 299 says that it was received; others are retried."
                ),
                "parameters": [
                    {"name": name, "in": "header", "schema": {"type": "string"}, "description": text,
                     "required": name != "webhook-signature"}
                    for name, text in HEADERS.items()
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _reference("Webhook"), "example": payload(EXAMPLE)}},
                },
                "responses": {"2XX": {"description": "The notification was received."}},
            },
        },
    }  # fmt: skip
    return result


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
