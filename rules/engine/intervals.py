"""Durations as numbers of checks: rules are evaluated every five minutes by default, so `15m` is `3 checks`."""

import re
from datetime import timedelta

from django.conf import settings

from smartagent.kernel.durations import MAX_DURATION, MAX_DURATION_TEXT, format_duration, parse_duration
from smartagent.kernel.formats import counted

COUNT = re.compile(r"\s*(\d+)\s*checks?\s*", re.IGNORECASE)
BOTH = re.compile(r"(.*?)\(\s*(\d+)\s*checks?\s*\)\s*", re.IGNORECASE)


def evaluation_interval() -> timedelta:
    """The time between two scheduled evaluations."""
    return timedelta(seconds=settings.EVALUATE_EVERY_SECONDS)


def has_evaluator() -> bool:
    """Whether `manage.py evaluate` starts the evaluations: a schedule of the workers has whole minutes."""
    return int(settings.EVALUATE_EVERY_SECONDS) % 60 != 0


def parse_checks(text: str) -> timedelta:
    """Parse a duration: `15m`, `3 checks` or `15m (3 checks)`; ValueError where it is invalid."""
    if len(text) > MAX_DURATION_TEXT:
        return parse_duration(text)
    if count := COUNT.fullmatch(text):
        return _of(int(count[1]), text)
    if not (both := BOTH.fullmatch(text)):
        return parse_duration(text)
    duration, counted = parse_duration(both[1]), _of(int(both[2]), text)
    if duration != counted:
        raise ValueError(
            f"“{text[:40]}” is ambiguous: {shown(counted)} and {format_duration(duration)}. Enter one of them."
        )
    return duration


def _of(count: int, text: str) -> timedelta:
    if count > MAX_DURATION / evaluation_interval():
        raise ValueError(f"“{text[:40]}” is too long. The longest duration is {MAX_DURATION.days} days.")
    return count * evaluation_interval()


def checks(duration: timedelta) -> str:
    """`3 checks`; empty where the duration is not a whole number of them."""
    count, rest = divmod(duration, evaluation_interval())
    return "" if rest else counted(count, "check").replace(",", "")


def shown(duration: timedelta) -> str:
    """The duration as in forms: `15m (3 checks)`, `0`."""
    counted = checks(duration) if duration else ""
    return f"{format_duration(duration)} ({counted})" if counted else format_duration(duration)


def spelled(duration: timedelta) -> str:
    """The duration as in sentences: `15 minutes`, `1 day 12 hours`."""
    names = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
    parts = [(part[:-1], names[part[-1]]) for part in format_duration(duration).split() if part != "0"]
    return " ".join(f"{count} {name}{'' if count == '1' else 's'}" for count, name in parts) or "no time"


def off_grid(duration: timedelta) -> str:
    """The error for a duration that ends between two evaluations, with the two nearest valid ones."""
    below = duration // evaluation_interval() * evaluation_interval()
    if below == duration:
        return ""
    return (
        f"Rules are evaluated every {format_duration(evaluation_interval())}, so {format_duration(duration)} would end "
        f"between two evaluations. Enter {shown(below)} or {shown(below + evaluation_interval())}."
    )
