"""Secrets at rest: encrypted with a key that is derived from SECRET_KEY (Fernet: AES-128-CBC with HMAC-SHA256).

To change the key, put the old one into SECRET_KEY_FALLBACKS: what it encrypted can be read, and what is written anew is
encrypted with the new one.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

# Part of the key of every stored secret, so never changed with the name of a module. The first encrypts; both decrypt.
KEY_CONTEXTS = (b"smartagent.secrets", b"smartagent.kernel.sealing")


class SecretLost(Exception):
    """This secret cannot be read: it was encrypted with another SECRET_KEY. Enter it again."""


def seal(secret: Any) -> str:
    """Return the JSON value `secret` as an encrypted text."""
    return _fernet().encrypt(json.dumps(secret).encode()).decode()


def unseal(sealed: str) -> Any:
    """Return what `seal` was given; SecretLost where the key has changed since."""
    try:
        return json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken:
        raise SecretLost(SecretLost.__doc__) from None


def sealed_at(sealed: str) -> datetime | None:
    """When `seal` was called; None where that cannot be read, since the key has changed or another program wrote it."""
    try:
        return datetime.fromtimestamp(_fernet().extract_timestamp(sealed.encode()), UTC)
    except (InvalidToken, ValueError, OverflowError):
        return None


def _fernet() -> MultiFernet:
    return _of_secrets(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=8)
def _of_secrets(*secrets: str) -> MultiFernet:
    """Kept, since deriving the keys takes longer than decrypting with them."""
    return MultiFernet([_key(context, secret) for secret in secrets for context in KEY_CONTEXTS])


def _key(context: bytes, secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(context + secret.encode()).digest()))
