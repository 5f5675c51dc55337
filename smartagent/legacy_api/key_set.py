"""Public keys of the legacy project, from its JSON Web Key Set (RFC 7517): cached, and asked again for a new key."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import jwt
import structlog

from smartagent.outbound.client import send
from smartagent.outbound.errors import NotSent

log = structlog.get_logger(__name__)
KEYS_TTL, RETRY_AFTER, FETCH_SECONDS = 600.0, 30.0, 5.0  # seconds
MAX_KEY_SET_BYTES, MAX_KEYS = 1_000_000, 100
KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}


class KeysUnavailable(Exception):
    """The keys of the legacy project cannot be fetched now. Try again."""


class KeySet:
    """The keys at `url`. Known ones are used while it cannot be reached; a key that is removed there is refused here
    at the latest when the set is fetched the next time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: Mapping[str, jwt.PyJWK] | None = None
        self._fetched = self._tried = float("-inf")
        self._lock = threading.Lock()

    def find(self, key_id: str, algorithm: str) -> Any:
        """The public key for a token with this `kid` (empty: the only one of its kind) and `alg`; None where there is
        none, KeysUnavailable where no keys are known yet."""
        with self._lock:
            now = time.monotonic()
            is_old = now - self._fetched > KEYS_TTL
            if (is_old or self._known(key_id, algorithm) is None) and now - self._tried > RETRY_AFTER:
                self._tried = now
                self._fetch(now)
            if self._keys is None:
                raise KeysUnavailable(KeysUnavailable.__doc__)
            return self._known(key_id, algorithm)

    def _known(self, key_id: str, algorithm: str) -> Any:
        fitting = {
            name: each
            for name, each in (self._keys or {}).items()
            if each.key_type == KEY_TYPES[algorithm] and each.algorithm_name == algorithm
        }
        if key_id:
            return fitting[key_id].key if key_id in fitting else None
        return next(iter(fitting.values())).key if len(fitting) == 1 else None

    def _fetch(self, now: float) -> None:
        try:
            answer = send("GET", self.url, seconds=FETCH_SECONDS, max_bytes=MAX_KEY_SET_BYTES)
            if not answer.succeeded:
                raise ValueError(f"it answered {answer.code}")
            self._keys, self._fetched = _read(answer.body), now
        except (NotSent, ValueError, RecursionError) as error:
            log.warning("keys of the legacy project not fetched", cause=str(error)[:300])


def _read(body: bytes) -> dict[str, jwt.PyJWK]:
    """The keys for signatures in a key set; those that cannot be used are left out."""
    found = json.loads(body)
    rows = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise ValueError("it is no JSON Web Key Set")
    keys: dict[str, jwt.PyJWK] = {}
    for number, row in enumerate(rows[:MAX_KEYS]):
        if not isinstance(row, dict) or row.get("kty") not in KEY_TYPES.values() or row.get("use", "sig") != "sig":
            continue
        try:
            keys[str(row.get("kid") or f"#{number}")] = jwt.PyJWK(row)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            log.warning("a key of the legacy project cannot be used", cause=str(error)[:300])
    return keys
