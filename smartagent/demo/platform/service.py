"""One integration of the example platform: its health, its tokens, its data, and which of them are broken.

Tokens follow RFC 6749: access tokens expire, a refresh token is valid once. A request repeated with the same
Idempotency-Key gets the first response, without further effects.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from notifications.channels.webhook import new_key

Part = Literal["health", "token", "refresh"]
SERVICE_PARTS: tuple[Part, ...] = ("health", "token", "refresh")
MAX_ANSWERS = 1000  # answers that are remembered
Reply = tuple[int, dict[str, Any]]
OUT_OF_ORDER: Reply = (HTTPStatus.SERVICE_UNAVAILABLE, {"error": "out_of_order"})


def _new(kind: str) -> str:
    return f"{kind}-{secrets.token_urlsafe(24)}"


@dataclass(slots=True)
class Service:
    """An integration, on the platform's side."""

    name: str
    lifetime: timedelta
    broken: set[Part] = field(default_factory=set)
    client_id: str = field(default_factory=lambda: _new("client"))
    client_secret: str = field(default_factory=lambda: _new("secret"))
    signing_key: str = field(default_factory=new_key)
    access_token: str = field(default_factory=lambda: _new("access"))
    refresh_token: str = field(default_factory=lambda: _new("refresh"))
    expires_at: float = 0.0  # by the clock of the platform
    renewals: int = 0
    refreshes: int = 0
    refreshed_at: datetime | None = None
    _answers: dict[tuple[str, str], Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.expires_at = time.time() + self.lifetime.total_seconds()

    def broke(self, part: Part) -> None:
        """Break a part; a broken `token` is refused until it is renewed."""
        self.broken.add(part)

    def healed(self, part: Part | None = None) -> None:
        """Repair a part, or all parts."""
        self.broken -= {part} if part else set(SERVICE_PARTS)

    def health(self) -> Reply:
        """Respond with the state of the integration."""
        return OUT_OF_ORDER if "health" in self.broken else (HTTPStatus.OK, {"status": "ok", "name": self.name})

    def me(self, token: str) -> Reply:
        """Respond with the owner of an access token."""
        if not self._is_current(token):
            return HTTPStatus.UNAUTHORIZED, {"error": "invalid_token"}
        return HTTPStatus.OK, {"name": self.name, "expires_at": _iso(self.expires_at)}

    def renew(self, form: Mapping[str, str], client: tuple[str, str], key: str) -> Reply:
        """Exchange a refresh token, which is then invalid, for new tokens."""
        if client != (self.client_id, self.client_secret):
            return HTTPStatus.UNAUTHORIZED, {"error": "invalid_client"}
        return self._once("token", key, lambda: self._renewed(form))

    def fetch(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Refetch the data, if the request is signed with the integration's key."""
        if "refresh" in self.broken:
            return OUT_OF_ORDER
        try:
            Webhook(self.signing_key).verify(body, dict(headers))
        except WebhookVerificationError:
            return HTTPStatus.UNAUTHORIZED, {"error": "invalid_signature"}
        if not (key := headers.get("idempotency-key", "")):
            return HTTPStatus.BAD_REQUEST, {"error": "an Idempotency-Key is asked for"}
        return self._once("refresh", key, self._fetched)

    def take(self) -> Reply:
        """Take a notification."""
        return OUT_OF_ORDER if "health" in self.broken else (HTTPStatus.ACCEPTED, {"status": "accepted"})

    def as_dict(self) -> dict[str, Any]:
        """Return the state without secrets."""
        return {
            "name": self.name, "broken": sorted(self.broken), "token_expires_at": _iso(self.expires_at),
            "renewals": self.renewals, "refreshes": self.refreshes,
            "refreshed_at": self.refreshed_at.isoformat() if self.refreshed_at else None,
        }  # fmt: skip

    def credentials(self) -> dict[str, str]:
        """Return the credentials with which a person connects the integration."""
        names = ("client_id", "client_secret", "access_token", "refresh_token", "signing_key")
        return {name: getattr(self, name) for name in names}

    def _renewed(self, form: Mapping[str, str]) -> Reply:
        if form.get("grant_type") != "refresh_token":
            return HTTPStatus.BAD_REQUEST, {"error": "unsupported_grant_type"}
        if form.get("refresh_token") != self.refresh_token:
            return HTTPStatus.BAD_REQUEST, {"error": "invalid_grant"}
        self.access_token, self.refresh_token = _new("access"), _new("refresh")
        self.expires_at, self.renewals = time.time() + self.lifetime.total_seconds(), self.renewals + 1
        self.broken -= {"token"}
        return HTTPStatus.OK, {
            "access_token": self.access_token, "token_type": "Bearer", "refresh_token": self.refresh_token,
            "expires_in": int(self.lifetime.total_seconds()),
        }  # fmt: skip

    def _fetched(self) -> Reply:
        self.refreshes, self.refreshed_at = self.refreshes + 1, datetime.now(UTC)
        return HTTPStatus.ACCEPTED, {"refreshed_at": self.refreshed_at.isoformat()}

    def _once(self, what: str, key: str, do: Any) -> Reply:
        known = self._answers.get((what, key)) if key else None
        reply: Reply = known or do()
        if key and reply[0] < HTTPStatus.BAD_REQUEST:
            self._answers[what, key] = reply
            if len(self._answers) > MAX_ANSWERS:
                del self._answers[next(iter(self._answers))]
        return reply

    def _is_current(self, token: str) -> bool:
        current = "token" not in self.broken and time.time() < self.expires_at
        return current and secrets.compare_digest(json.dumps(token), json.dumps(self.access_token))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
