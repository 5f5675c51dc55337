"""Failed attempts in the activity log, so that a flood of them does not flood the log.

The first of a row is logged, and each time that further ones are blocked; in one hour no more than a hundred of all.
Those beyond are counted, and their number is logged when the hour is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from smartagent.accounts.events import FAILURES_NOT_LISTED, SIGN_IN_FAILED, SIGN_IN_LOCKED, log_event
from smartagent.kernel.attempts import Attempt, BackOff, forget, in_words, take
from smartagent.models import User

MAX_ENTRIES_PER_HOUR = 100
UNLIMITED = BackOff(free=2**31 - 1, first=timedelta(0), longest=timedelta(0))


def log_failure(
    attempts: Sequence[Attempt], person: User | None, now: datetime, *, cause: str, address: str, browser: str
) -> None:
    """Log a failed attempt that was counted as `attempts`, of the account or browser first."""
    first = attempts[0] if attempts else Attempt(1, now, False)
    blocked = next((each for each in attempts if each.is_blocked), None)
    if (first.number == 1 or blocked) and _has_room(now):
        facts = {"address": address, "browser": browser, "cause": cause}
        if blocked:
            wait = in_words(round((blocked.blocked_until - now).total_seconds()))
            is_of_account = blocked is first and person is not None
            log_event(
                SIGN_IN_LOCKED, person if is_of_account else None, now, attempts=blocked.number, wait=wait, **facts
            )
        else:
            log_event(SIGN_IN_FAILED, person, now, **facts)


def _has_room(now: datetime) -> bool:
    """Count an entry of this hour; whether it may be written."""
    [entry] = take([(_hour_key(now), UNLIMITED)], now)
    if entry.number == 1:
        _log_not_listed(now - timedelta(hours=1), now)
    return entry.number <= MAX_ENTRIES_PER_HOUR


def _log_not_listed(hour: datetime, now: datetime) -> None:
    beyond = forget([_hour_key(hour)]) - MAX_ENTRIES_PER_HOUR
    if beyond > 0:
        log_event(FAILURES_NOT_LISTED, None, now, count=beyond)


def _hour_key(now: datetime) -> str:
    return f"log:{now:%Y-%m-%dT%H}"
