"""The newest readings of a person or an integration, each with its day as a sparkline, and its age."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from rules.instances.strips import path_of, scale_of
from rules.metrics.history import LatestReading, latest_readings, sampled
from rules.registries import metrics
from rules.text.phrases import metric_name, number
from smartagent.dashboard.subject.subject import Subject
from smartagent.kernel.durations import age_text, length_text

MAX_SERIES = 200
SERIES_SHOWN = 12
DAY, POINTS = timedelta(hours=24), 48


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingNow:
    """The newest reading of a series; `is_stale` where it is too old to be one, `path` its last 24 hours."""

    metric: str
    name: str
    target: str
    value: str
    age: str
    observed_at: datetime
    is_stale: bool
    path: str
    words: str


@dataclass(frozen=True, slots=True)
class ReadingsNow:
    """The readings that are shown, and how many more there are."""

    rows: list[ReadingNow]
    more: int


def readings_now(subject: Subject, shown: int = SERIES_SHOWN) -> ReadingsNow:
    """The newest readings of `subject`: two queries, however many samples there are."""
    latest = latest_readings(subject.person.pk, subject.now, MAX_SERIES)
    wanted = [each for each in latest if not subject.integration or each.target == subject.target]
    wanted.sort(key=_order)
    rows = wanted[:shown]
    keys = [(subject.person.pk, each.metric, each.target) for each in rows]
    days = sampled(keys, subject.now - DAY, subject.now, POINTS)
    return ReadingsNow(
        [_row(each, day, subject.now) for each, day in zip(rows, days, strict=True)], len(wanted) - len(rows)
    )


def _order(reading: LatestReading) -> tuple[bool, bool, str, str]:
    """Of the whole person before each integration, built-in before pushed."""
    return reading.target != "", reading.metric not in metrics, reading.metric, reading.target


def _row(reading: LatestReading, day: Sequence[float | None], now: datetime) -> ReadingNow:
    held, age = reading.metric in metrics, now - reading.observed_at
    unit = metrics[reading.metric].unit if held else ""
    name = metric_name(reading.metric)
    return ReadingNow(
        metric=reading.metric,
        name=name[:1].upper() + name[1:] if held else name,
        target=reading.target,
        value=f"{number(reading.value)} {unit}".strip(),
        age=_age(age, held),
        observed_at=reading.observed_at,
        is_stale=not held and age > timedelta(hours=settings.PUSHED_MAX_AGE_HOURS),
        path=path_of(day, scale_of(day), held=held),
        words=_range(day),
    )


def _age(age: timedelta, held: bool) -> str:
    """A built-in metric holds its value, and its changes are stored; of a pushed one each sample is."""
    return f"unchanged for {length_text(age)}" if held else age_text(age)


def _range(day: Sequence[float | None]) -> str:
    known = [value for value in day if value is not None]
    if not known:
        return "no reading in 24 hours"
    return f"from {number(min(known))} to {number(max(known))} in 24 hours"
