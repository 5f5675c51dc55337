"""Preferences of a person: reading, checking, storing; and a forecast of decisions by the router's own code."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from notifications.models import Preference
from notifications.routing.quiet_hours import LOOKED_AHEAD, WEEKDAYS, quiet_until, read
from notifications.routing.router import MODES, SEVERITIES, Decision, Subscriber, read_matrix, route
from notifications.routing.subscribers import load_subscribers
from smartagent.models import User

MAX_PERIODS = 20
NEVER_ENDS = "Quiet hours cover the whole week. Leave some time in which notifications can be sent."


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast for one severity: a decision for each channel."""

    severity: str
    decisions: Sequence[Decision]


def preference_of(person: User) -> Preference:
    """The person's preferences; defaults where none are stored."""
    return Preference.objects.filter(user=person).first() or Preference(user=person)


def addressee_of(person: User, **wishes: Any) -> Subscriber:
    """The person as a Subscriber, with some preferences replaced where given."""
    return replace(load_subscribers({person.pk})[person.pk], **wishes)


def wishes(matrix: Any, quiet: Any, digest_at: time) -> dict[str, Any]:
    """The stored preferences in the form of a Subscriber."""
    return {"matrix": read_matrix(matrix), "quiet": read(quiet), "digest_at": digest_at}


def keep(person: User, changed: Mapping[str, Any]) -> Preference:
    """Store changes of matrix, quiet hours and digest hour."""
    preference, _ = Preference.objects.update_or_create(user=person, defaults=dict(changed))
    return preference


def forecast(who: Subscriber, now: datetime) -> list[Forecast]:
    """The decisions for a message sent now, highest severity first."""
    return [Forecast(severity, route(severity, None, who, now)) for severity in reversed(SEVERITIES)]


def quiet_in_words(who: Subscriber, now: datetime) -> str:
    """Whether quiet hours are on now, and until when."""
    here, until = now.astimezone(who.zone), quiet_until(who.quiet, who.zone, now) if who.quiet else None
    if until is None:
        return f"Quiet hours are off now ({here:%H:%M})."
    end = until.astimezone(who.zone)
    day = "" if end.date() == here.date() else f" on {WEEKDAYS[end.weekday()]}"
    return f"Quiet hours until {end:%H:%M}{day}: only critical notifications are sent."


def checked_matrix(matrix: Any, channels: Collection[str]) -> dict[str, dict[str, str]]:
    """The matrix as it is stored, without defaults; ValueError with the problem."""
    if not isinstance(matrix, Mapping):
        raise ValueError('Use an object: {"<id of a channel>": {"high": "now"}}.')
    kept = {}
    for channel, modes in matrix.items():
        if channel not in channels:
            raise ValueError(f"This person has no channel “{str(channel)[:40]}”.")
        if chosen := _modes(modes):
            kept[channel] = chosen
    return kept


def _modes(modes: Any) -> dict[str, str]:
    if not isinstance(modes, Mapping):
        raise ValueError('Use an object for each channel, for example {"high": "now"}.')
    for severity, mode in modes.items():
        if severity not in SEVERITIES:
            raise ValueError(f"“{str(severity)[:40]}” is not a valid severity. Use one of: {', '.join(SEVERITIES)}.")
        if mode is not None and (not isinstance(mode, str) or mode not in MODES):
            raise ValueError(
                f"“{str(mode)[:40]}” is not valid. Use one of: {', '.join(MODES)}, or null for the default."
            )
    return {severity: mode for severity, mode in modes.items() if mode}


def checked_quiet(periods: Any, who: Subscriber, now: datetime) -> list[dict[str, Any]]:
    """The quiet hours as they are stored; ValueError with the problem."""
    kept = checked_periods(periods)
    until = quiet_until(read(kept), who.zone, now) if kept else None
    if until and (until - now).days >= LOOKED_AHEAD - 2:
        raise ValueError(NEVER_ENDS)
    return kept


def checked_periods(periods: Any) -> list[dict[str, Any]]:
    """Weekly periods as they are stored; ValueError with the problem."""
    if not isinstance(periods, list):
        raise ValueError('Use a list such as [{"days": [0, 1], "from": "22:00", "until": "07:00"}].')
    if len(periods) > MAX_PERIODS:
        raise ValueError(f"At most {MAX_PERIODS} periods are allowed.")
    return [_period(period) for period in periods]


def _period(period: Any) -> dict[str, Any]:
    if not isinstance(period, Mapping) or set(period) != {"days", "from", "until"}:
        raise ValueError("A period has exactly the keys days, from and until.")
    days = period["days"]
    if not isinstance(days, list) or not days or not all(map(_is_day, days)):
        raise ValueError("The days of a period are a list of 0 (Monday) to 6 (Sunday), at least one.")
    return {"days": sorted(set(map(int, days))), "from": _clock(period["from"]), "until": _clock(period["until"])}


def _is_day(day: Any) -> bool:
    """Whether it is a whole number from 0 to 6; JSON does not distinguish 2 and 2.0."""
    return isinstance(day, int | float) and not isinstance(day, bool) and day in range(7)


def _clock(text: Any) -> str:
    try:
        hours, minutes = str(text).split(":")
        if not isinstance(text, str) or len(text) != 5 or not (hours + minutes).isascii():
            raise ValueError
        return f"{time(int(hours), int(minutes)):%H:%M}"
    except ValueError:
        raise ValueError(f"“{str(text)[:40]}” is not a time of day. Use for example 22:00.") from None
