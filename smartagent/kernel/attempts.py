"""Limits on guesses of passwords, codes, tokens and links, with waits that double.

Counted in the database, so for all processes together. An attempt is counted before the guess is tried: of a thousand
guesses at the same moment, as many are tried as of a thousand one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

ATTEMPTS_SALT = "smartagent.attempts"
FORGOTTEN_AFTER = timedelta(days=1)  # without a further attempt
MAX_DOUBLINGS = 40
# The wait doubles with each attempt beyond the free ones. The same guess again is no further guess.
TAKE_ATTEMPT = """
INSERT INTO smartagent_attempts AS a (key, attempts, last_guess, last_at, blocked_until)
VALUES (%(key)s, 1, %(guess)s, %(now)s, CASE WHEN %(free)s <= 1 THEN %(now)s + %(first)s ELSE 'epoch' END)
    ON CONFLICT (key) DO UPDATE
   SET attempts = CASE WHEN a.last_at < %(forgotten)s THEN 1
                       WHEN a.last_guess <> '' AND a.last_guess = excluded.last_guess THEN a.attempts
                       ELSE a.attempts + 1 END,
       last_guess = excluded.last_guess,
       last_at = greatest(a.last_at, excluded.last_at),
       blocked_until = CASE WHEN a.last_guess <> '' AND a.last_guess = excluded.last_guess
                              OR a.last_at < %(forgotten)s OR a.attempts + 1 < %(free)s THEN 'epoch'
                            ELSE %(now)s + least(
                                %(longest)s, %(first)s * 2 ^ least(a.attempts + 1 - %(free)s, %(doublings)s)
                            ) END
 WHERE a.blocked_until <= %(now)s
RETURNING attempts, blocked_until
"""
BLOCKED_UNTIL = "SELECT max(blocked_until) FROM smartagent_attempts WHERE key = ANY(%s) AND blocked_until > %s"
GIVE_BACK = """
UPDATE smartagent_attempts SET attempts = greatest(attempts - 1, 0), blocked_until = 'epoch' WHERE key = ANY(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """So many attempts are `free`; after the last of them one waits `first`, after each further one twice as long."""

    free: int
    first: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted: the how many-th it is, and until when the next one is refused."""

    number: int
    blocked_until: datetime
    is_blocked: bool


class Blocked(Exception):
    """Too many failed attempts."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many failed attempts. Try again in {in_words(seconds)}.")
        self.seconds = seconds


def attempts_key(scope: str, *named: str) -> str:
    """The key under which attempts are counted. What was typed is kept as a hash: it may be a password."""
    return f"{scope}:{salted_hmac(ATTEMPTS_SALT, chr(0).join(named)).hexdigest()}"


def take(limits: Sequence[tuple[str, BackOff]], now: datetime, guess: str = "") -> list[Attempt]:
    """Count an attempt under each key; Blocked where one is refused, and then none is counted."""
    limits = [(key, back_off) for key, back_off in limits if back_off.free > 0]
    refuse_blocked([key for key, _ in limits], now)  # what most attempts of a flood end with: one query
    with transaction.atomic(), connection.cursor() as cursor:
        return [_take(cursor, key, back_off, now, guess) for key, back_off in limits]


def _take(cursor: object, key: str, back_off: BackOff, now: datetime, guess: str) -> Attempt:
    values = {
        "key": key, "guess": attempts_key("guess", guess) if guess else "", "now": now, "free": back_off.free,
        "first": back_off.first, "longest": back_off.longest, "forgotten": now - FORGOTTEN_AFTER,
        "doublings": MAX_DOUBLINGS,
    }  # fmt: skip
    cursor.execute(TAKE_ATTEMPT, values)  # type: ignore[attr-defined]
    row = cursor.fetchone()  # type: ignore[attr-defined]
    if row is None:
        raise Blocked(seconds_blocked([key], now) or 1)
    return Attempt(row[0], max(row[1], now), row[1] > now)


def seconds_blocked(keys: Sequence[str], now: datetime) -> int:
    """How long attempts under these keys are refused; 0 where they are not."""
    if not keys:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(BLOCKED_UNTIL, [list(keys), now])
        until = cursor.fetchone()[0]
    return ceil((until - now).total_seconds()) if until else 0


def refuse_blocked(keys: Sequence[str], now: datetime) -> None:
    """Raise Blocked where attempts under one of these keys are refused."""
    if seconds := seconds_blocked(keys, now):
        raise Blocked(seconds)


def give_back(keys: Sequence[str]) -> None:
    """Uncount an attempt that was none: the guess was right. Earlier ones stay counted."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [list(keys)])


def forget(keys: Sequence[str]) -> int:
    """Forget all attempts under these keys; return the largest number of them under one key."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM smartagent_attempts WHERE key = ANY(%s) RETURNING attempts", [list(keys)])
        return max((row[0] for row in cursor.fetchall()), default=0)


def forget_old_attempts(now: datetime) -> int:
    """Delete what is not counted any more; return the number of keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM smartagent_attempts WHERE last_at < %s AND blocked_until < %s", [now - FORGOTTEN_AFTER, now]
        )
        return int(cursor.rowcount)


def in_words(seconds: int) -> str:
    """A wait as a person says it."""
    if seconds <= 90:
        return f"{seconds} seconds" if seconds != 1 else "1 second"
    return f"{ceil(seconds / 60)} minutes"
