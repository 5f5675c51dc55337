"""A custom webhook, signed by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the headers webhook-id (the
delivery's id, the same at each attempt), webhook-timestamp and webhook-signature. While a key is being replaced, the
old and the new one both sign.
"""

import base64
import binascii
import hmac
import json
import secrets as random
import time
from typing import Any
from urllib.parse import urlsplit

from django import forms

from notifications.channels import Address, HTTPChannel, HTTPRequest
from notifications.channels.fields import AddressField, SecretField
from notifications.channels.message import OutgoingMessage

KEY_PREFIX = "whsec_"


def new_key() -> str:
    """A new signing key."""
    return KEY_PREFIX + base64.b64encode(random.token_bytes(32)).decode()


class KeyField(SecretField):
    """A signing key: `whsec_` and 24 to 64 bytes in base64."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).strip()
        if text and key_of(text) is None:
            raise forms.ValidationError("A signing key is whsec_ and 24 to 64 bytes in base64.")
        return text


class WebhookForm(forms.Form):
    url = AddressField(label="Address", placeholder="https://example.com/hook", help_text="Receives JSON by POST.")
    key = KeyField(
        label="Signing key", required=False,
        help_text="whsec_ and base64, shared with the receiver. Empty: messages are not signed.",
    )  # fmt: skip
    old_key = KeyField(
        label="Previous signing key",
        required=False,
        help_text="Set during key rotation: messages are signed with both keys. Otherwise empty.",
    )


class Webhook(HTTPChannel):
    kind = "webhook"
    label = "Webhook"
    help = "Posts JSON to a URL, signed by Standard Webhooks."
    icon = "webhook"
    form = WebhookForm
    secrets = ("key", "old_key")
    addresses = ("url",)
    makes = {"key": new_key}
    keeps_before = {"key": "old_key"}

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        body = json.dumps(payload(message), ensure_ascii=False).encode()
        at = str(int(time.time()))
        headers = {"Content-Type": "application/json", "webhook-id": message.id, "webhook-timestamp": at}
        keys = [key for name in ("key", "old_key") if (key := key_of(address[name]))]
        if keys:
            headers["webhook-signature"] = " ".join(sign(key, message.id, at, body) for key in keys)
        return HTTPRequest(url=address["url"], body=body, headers=headers)

    def where(self, address: Address) -> str:
        return str(urlsplit(str(address["url"])).netloc)


def payload(message: OutgoingMessage) -> dict[str, Any]:
    """The JSON body: {type, timestamp, data}, as the specification says; GET /api/webhook-schema/ describes it."""
    return {
        "type": f"notification.{message.reason}", "timestamp": message.created_at.isoformat(), "data": facts(message),
    }  # fmt: skip


def facts(message: OutgoingMessage) -> dict[str, Any]:
    """One message as JSON; a digest has its messages as `notifications`."""
    payload = {
        "id": message.id, "reason": message.reason, "kind": message.type, "severity": message.severity,
        "title": message.title, "message": message.text, "url": message.url, "recipient": message.recipient_email,
        "rule": message.rule or None, "rule_name": message.rule_name or None, "thread": message.thread or None,
        "facts": dict(message.facts),
    }  # fmt: skip
    return payload | ({"notifications": [facts(item) for item in message.items]} if message.items else {})


def key_of(text: str) -> bytes | None:
    """The bytes of a key in the form whsec_ and base64; None where it is invalid."""
    try:
        key = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True) if text.startswith(KEY_PREFIX) else b""
    except (binascii.Error, ValueError):
        return None
    return key if 24 <= len(key) <= 64 else None


def sign(key: bytes, message_id: str, at: str, body: bytes) -> str:
    """The signature `v1,…` of a message; `at` is the seconds since the epoch."""
    signed = hmac.digest(key, f"{message_id}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"
