"""A token renewed with a refresh token: RFC 6749, section 6. What is asked, and what the answer means.

The client says who it is by HTTP Basic (section 2.3.1), which every server knows, or in the form, where the settings
say `"token_auth_method": "client_secret_post"`. A client without a secret only gives its name.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from optimizer.operations import OperationFailed
from optimizer.operations.http import in_words, json_of, may_pass
from smartagent.kernel.coerce import as_number
from smartagent.outbound.client import Answer

POST = "client_secret_post"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
# Section 5.2. Any other word may be anything, also what was sent.
OAUTH_ERRORS = {
    "invalid_request": "invalid request", "invalid_client": "unknown client",
    "invalid_grant": "the refresh token was used or revoked",
    "unsupported_grant_type": "token renewal is not supported",
    "unauthorized_client": "the client may not refresh tokens", "invalid_scope": "the scope is not granted",
}  # fmt: skip
MAX_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens as received. They have no repr, so that no log shows them."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)  # the one before where none came
    used: str = field(repr=False)  # the one that was given for it
    lasts: timedelta | None


def request(credentials: Mapping[str, Any], method: Any) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a request for new tokens."""
    client, secret = str(credentials["client_id"]), credentials.get("client_secret")
    form = {"grant_type": "refresh_token", "refresh_token": str(credentials["refresh_token"])}
    if not secret or method == POST:
        named = {"client_id": client} | ({"client_secret": str(secret)} if secret else {})
        return urlencode(form | named).encode(), FORM
    basic = base64.b64encode(f"{quote_plus(client)}:{quote_plus(str(secret))}".encode()).decode()
    return urlencode(form).encode(), FORM | {"Authorization": f"Basic {basic}"}


def tokens_of(whom: str, answer: Answer, used: str) -> Tokens:
    """The tokens of an answer; OperationFailed where it has none, without a word of what is secret."""
    found = json_of(answer)
    given: Mapping[str, Any] = found if isinstance(found, dict) else {}
    if not answer.succeeded:
        known = OAUTH_ERRORS.get(str(given.get("error")))
        why = f": {known}" if known else ""
        raise OperationFailed(f"{whom} gave no token, but {in_words(answer.code)}{why}.", again=may_pass(answer.code))
    access, refresh = given.get("access_token"), given.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise OperationFailed(f"{whom} answered {in_words(answer.code)}, but without an access token.")
    return Tokens(access, refresh if isinstance(refresh, str) and refresh else used, used, _lasts(given))


def _lasts(given: Mapping[str, Any]) -> timedelta | None:
    seconds = as_number(given.get("expires_in"))
    return (
        timedelta(seconds=min(seconds, MAX_LIFETIME.total_seconds())) if seconds is not None and seconds >= 0 else None
    )
