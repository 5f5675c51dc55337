"""One integration of the example platform: its health, its tokens, its data, and what is broken of them.

Tokens as in RFC 6749: an access token that runs out, and a refresh token that is used up by the next one. What comes a
second time with the same Idempotency-Key gets the same answer, and nothing is done again.
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
    """An integration as its own platform knows it."""

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
        """Let a part break: with `token`, the access token is refused until it is renewed."""
        self.broken.add(part)

    def healed(self, part: Part | None = None) -> None:
        """Let a part work again, all of them without one."""
        self.broken -= {part} if part else set(SERVICE_PARTS)

    def health(self) -> Reply:
        """How it is."""
        return OUT_OF_ORDER if "health" in self.broken else (HTTPStatus.OK, {"status": "ok", "name": self.name})

    def me(self, token: str) -> Reply:
        """Who the token belongs to."""
        if not self._is_current(token):
            return HTTPStatus.UNAUTHORIZED, {"error": "invalid_token"}
        return HTTPStatus.OK, {"name": self.name, "expires_at": _iso(self.expires_at)}

    def renew(self, form: Mapping[str, str], client: tuple[str, str], key: str) -> Reply:
        """New tokens for a refresh token, which is used up by that."""
        if client != (self.client_id, self.client_secret):
            return HTTPStatus.UNAUTHORIZED, {"error": "invalid_client"}
        return self._once("token", key, lambda: self._renewed(form))

    def fetch(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Fetch the data anew, where it is signed with the key of the integration."""
        if "refresh" in self.broken:
            return OUT_OF_ORDER
        try:
            Webhook(self.signing_key).verify(body, dict(headers))
        except WebhookVerificationError:
            return HTTPStatus.UNAUTHORIZED, {"error": "invalid_signature"}
        if not (key := headers.get("idempotency-key", "")):
            return HTTPStatus.BAD_REQUEST, {"error": "an Idempotency-Key is asked for"}
        return self._once("refresh", key, self._fetched)

    def as_dict(self) -> dict[str, Any]:
        """How it is, without what is secret."""
        return {
            "name": self.name, "broken": sorted(self.broken), "token_expires_at": _iso(self.expires_at),
            "renewals": self.renewals, "refreshes": self.refreshes,
            "refreshed_at": self.refreshed_at.isoformat() if self.refreshed_at else None,
        }  # fmt: skip

    def credentials(self) -> dict[str, str]:
        """The credentials for a person who connects it."""
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
