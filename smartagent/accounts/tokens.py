"""Personal tokens for programs: made once, shown once, kept as a digest, looked up by it."""

import base64
import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from smartagent.accounts.sign_in_limits import address_key, count_wrong
from smartagent.kernel.attempts import Blocked, refuse_blocked
from smartagent.kernel.client_address import client_address
from smartagent.kernel.formats import clock_utc
from smartagent.kernel.token_scopes import every_scope
from smartagent.models import APIToken, User
from smartagent.rest.rate_limits import count_address, count_request
from smartagent.rest.token_scopes import refuse_without_scope
from smartagent.shell.row_security import keep_to_own

BEGINNING = "sa_"
NOTED_EVERY = timedelta(minutes=1)


def digest(token: str) -> str:
    """The stored hash of a token. A token is long and random, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(
    user: User, name: str, expires_at: datetime | None = None, scopes: Collection[str] | None = None
) -> tuple[APIToken, str]:
    """Make a token for `user`, with all scopes unless some are given; return its row, and the token itself, which
    nobody can learn again."""
    token = BEGINNING + secrets.token_urlsafe(32)
    row = APIToken.objects.create(
        user=user, name=name, prefix=token[:11], digest=digest(token), expires_at=expires_at,
        scopes=every_scope() if scopes is None else [each for each in every_scope() if each in scopes],
    )  # fmt: skip
    return row, token


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer sa_...`"""

    def authenticate(self, request: Request) -> tuple[User, APIToken] | None:
        count_address(request)
        token = self.given(request)
        if token is None:
            return None
        now = timezone.now()
        found = self._find(request, token, now)
        count_request(request, token=found.pk, person=found.user_id)
        if found.last_used_at is None or found.last_used_at < now - NOTED_EVERY:
            self._note(found, now, client_address(request._request) or None)
        refuse_without_scope(request, found.scopes)
        keep_to_own(found.user)
        return found.user, found

    def given(self, request: Request) -> str | None:
        """The token of the request, None where it has none."""
        return self.token_of(*_scheme_and_rest(request))

    def token_of(self, scheme: str, rest: str) -> str | None:
        """The token in an Authorization header, None where it has another scheme."""
        return rest if scheme == "bearer" else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Smart Agent"'

    def _find(self, request: Request, token: str, now: datetime) -> APIToken:
        found: APIToken | None = APIToken.objects.select_related("user").filter(digest=digest(token)).first()
        if found is None or found.last_used_at is None:
            refuse_guesses(request, now)
        if found is None:
            count_wrong(request, token, now)
            raise AuthenticationFailed("Invalid token: mistyped or revoked.")
        if found.expires_at is not None and found.expires_at <= now:
            raise AuthenticationFailed(f"This token expired at {clock_utc(found.expires_at)}. Create a new token.")
        if not found.user.is_active:
            raise AuthenticationFailed("The owner of this token is deactivated.")
        return found

    def _note(self, found: APIToken, now: datetime, address: str | None) -> None:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
        APIToken.objects.filter(stale, pk=found.pk).update(last_used_at=now, last_used_from=address)


class AgentTokenAuthentication(TokenAuthentication):
    """Also `Token sa_...`, as InfluxDB's clients send it, and Basic with the token as password and any user name."""

    def token_of(self, scheme: str, rest: str) -> str | None:
        if scheme != "basic":
            return rest if scheme in ("bearer", "token") else None
        try:
            return base64.b64decode(rest, validate=True).decode("latin-1").partition(":")[2]
        except ValueError:
            raise AuthenticationFailed("The Authorization header is not valid: Basic is followed by base64.") from None


def _scheme_and_rest(request: Request) -> tuple[str, str]:
    scheme, _, rest = get_authorization_header(request).decode("latin-1").strip().partition(" ")
    return scheme.lower(), rest.strip()


def refuse_guesses(request: Request, now: datetime) -> None:
    """Refuse tokens that were never used before, from an address with too many failed attempts; others go on."""
    try:
        refuse_blocked([address_key(request)], now)
    except Blocked as blocked:
        raise Throttled(wait=blocked.seconds, detail=str(blocked)) from None
