"""Browsers in which a person has signed in before. Guesses of others at the account do not lock them out.

The cookie holds, signed, which accounts the browser knows, and a name of its own under which its attempts are counted:
whoever stole a cookie has the attempts of one browser, and locks out nobody else.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

KNOWN_BROWSER_COOKIE = "known_browser"
KNOWN_BROWSER_SALT = "smartagent.known_browser"
KNOWN_FOR = timedelta(days=180)
MAX_ACCOUNTS = 5


def browser_for(request: HttpRequest, account: str) -> str:
    """The name of the browser, where it knows this account; "" where it does not."""
    known = _read(request)
    return str(known["browser"]) if account in known["accounts"] else ""


def remember_browser(request: HttpRequest, response: HttpResponse, account: str) -> None:
    """Let the browser know this account, the one that signed in last."""
    known = _read(request)
    accounts = [account, *(each for each in known["accounts"] if each != account)][:MAX_ACCOUNTS]
    value = signing.dumps({"browser": known["browser"], "accounts": accounts}, salt=KNOWN_BROWSER_SALT, compress=True)
    response.set_cookie(
        KNOWN_BROWSER_COOKIE, value, max_age=KNOWN_FOR, secure=settings.SESSION_COOKIE_SECURE, httponly=True,
        samesite="Lax",
    )  # fmt: skip


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        known = signing.loads(request.COOKIES.get(KNOWN_BROWSER_COOKIE, ""), salt=KNOWN_BROWSER_SALT, max_age=KNOWN_FOR)
        return {"browser": str(known["browser"]), "accounts": list(known["accounts"])}
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return {"browser": get_random_string(22), "accounts": []}
