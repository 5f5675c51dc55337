"""Limits on guesses at accounts: by account, by address, and where the account is known.

1. A browser in which the person has signed in before, and an address where they are signed in, have attempts of their
   own: guesses of others do not lock them out.
2. Everybody else shares the attempts of the account, whatever their addresses, and those of their address, whatever the
   account.
3. Whoever sets a new password by a link from their mailbox may sign in at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from smartagent.accounts.browser_names import browser_name
from smartagent.accounts.failed_attempts import log_failure
from smartagent.accounts.known_browsers import browser_for, remember_browser
from smartagent.kernel.attempts import Attempt, BackOff, Blocked, attempts_key, forget, give_back, take
from smartagent.kernel.client_address import client_address, network_of
from smartagent.models import BrowserSession, User

ACCOUNT_WAITS = {"first": timedelta(minutes=1), "longest": timedelta(hours=1)}
ADDRESS_WAITS = {"first": timedelta(minutes=1), "longest": timedelta(hours=1)}
FAMILIAR_WAITS = {"first": timedelta(seconds=30), "longest": timedelta(minutes=15)}


@dataclass
class Guess:
    """One attempt to sign in to an account: `kind` is what is guessed, a password or a code."""

    request: HttpRequest
    email: str
    kind: str = "password"
    attempts: tuple[Attempt, ...] = ()

    @property
    def account(self) -> str:
        """The key of the account, whether or not there is one."""
        return attempts_key(f"{self.kind}-account", self.email.strip().lower())

    @property
    def address(self) -> str:
        """The key of the address."""
        return address_key(self.request)

    @cached_property
    def familiar(self) -> str:
        """The key of the browser or address, where the account is known there; "" elsewhere."""
        name = browser_for(self.request, browser_account(self.email)) or self._familiar_address()
        return attempts_key(f"{self.kind}-familiar", self.email.strip().lower(), name) if name else ""

    def _familiar_address(self) -> str:
        address = client_address(self.request)
        own = BrowserSession.objects.filter(user__in=User.objects.with_email(self.email), address=address)
        return address if address and own.exists() else ""

    def take(self, now: datetime) -> None:
        """Count the attempt; Blocked where it is refused."""
        free = int(settings.SIGN_IN_ATTEMPTS_PER_ACCOUNT)
        if self.familiar:
            limits = [(self.familiar, BackOff(free=free, **FAMILIAR_WAITS))]
        else:
            limits = [(self.account, BackOff(free=free, **ACCOUNT_WAITS)), (self.address, address_limit())]
        self.attempts = tuple(take(limits, now))

    def failed(self, cause: str, now: datetime) -> None:
        """Log that the guess was wrong, as far as the log has room."""
        person = User.objects.with_email(self.email).first()
        log_failure(self.attempts, person, now, cause=cause, **origin(self.request))

    def succeeded(self) -> int:
        """Forget the attempts at the account, or of the browser; return how many failed before."""
        taken = forget([self.familiar or self.account])
        if not self.familiar:
            give_back([self.address])
        return max(taken - 1, 0)


def browser_account(email: str) -> str:
    """How the cookie of a browser names an account."""
    return attempts_key("browser-account", email.strip().lower())[-32:]


def open_account(email: str) -> None:
    """Forget the failed attempts at an account, whose person has shown who they are."""
    forget([attempts_key(f"{kind}-account", email.strip().lower()) for kind in ("password", "code")])


def know_browser(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Remember that the person signed in with this browser."""
    remember_browser(request, response, browser_account(email))


def address_key(request: HttpRequest) -> str:
    """The key of failed attempts from an address, at whatever account, token or link."""
    return attempts_key("address", network_of(client_address(request)))


def address_limit() -> BackOff:
    """The limit of failed attempts from one address."""
    return BackOff(free=int(settings.SIGN_IN_ATTEMPTS_PER_ADDRESS), **ADDRESS_WAITS)


def count_wrong(request: HttpRequest, guess: str, now: datetime) -> None:
    """Count a link or token that nobody has made. The same one again is no further guess; what is blocked stays so."""
    try:
        attempts = take([(address_key(request), address_limit())], now, guess=guess)
    except Blocked:
        return
    if any(each.is_blocked for each in attempts):
        log_failure(attempts, None, now, cause="wrong links or tokens", **origin(request))


def origin(request: HttpRequest) -> dict[str, str]:
    """The address and the browser of a request, as events of the activity log have them."""
    return {
        "address": client_address(request), "browser": browser_name(str(request.META.get("HTTP_USER_AGENT", "")))
    }  # fmt: skip
