"""Signatures of links: HMAC-SHA256 with AUDIT_KEY, which is not in the database."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings


def key_id(key: str) -> str:
    """The name of a key in links, which does not give it away."""
    return hashlib.sha256(f"smartagent audit key {key}".encode()).hexdigest()[:8]


def present_key() -> tuple[str, str]:
    """The key that signs: its id, and itself."""
    return key_id(settings.AUDIT_KEY), settings.AUDIT_KEY


def known_keys() -> dict[str, str]:
    """All keys that verify, by id."""
    return {key_id(key): key for key in (*settings.AUDIT_KEY_FALLBACKS, settings.AUDIT_KEY)}


def signature(key: str, number: int, previous: str, kind: str, sealed_at: datetime, facts: Mapping[str, Any]) -> str:
    """The signature of a link; `facts` hold whole numbers and texts only, which JSON writes in one way."""
    microseconds = round(sealed_at.timestamp() * 1_000_000)
    text = json.dumps([number, previous, kind, microseconds, facts], sort_keys=True, separators=(",", ":"))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
