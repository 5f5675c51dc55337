"""The newest readings of a person or an integration, each with its day as a sparkline, and its age."""

from dataclasses import dataclass

from rules.instances.reading_now import DAY, POINTS, ReadingNow, reading_now
from rules.metrics.history import LatestReading, latest_readings, sampled
from rules.registries import metrics
from smartagent.dashboard.subject.subject import PageSubject

MAX_SERIES = 200
SERIES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ReadingsNow:
    """The readings that are shown, and how many more there are."""

    rows: list[ReadingNow]
    more: int


def readings_now(subject: PageSubject, shown: int = SERIES_SHOWN) -> ReadingsNow:
    """The newest readings of `subject`: two queries, however many samples there are."""
    latest = latest_readings(subject.person.pk, subject.now, MAX_SERIES)
    wanted = [each for each in latest if not subject.integration or each.target == subject.target]
    wanted.sort(key=_order)
    rows = wanted[:shown]
    keys = [(subject.person.pk, each.metric, each.target) for each in rows]
    days = sampled(keys, subject.now - DAY, subject.now, POINTS)
    found = [reading_now(each, day, subject.now) for each, day in zip(rows, days, strict=True)]
    return ReadingsNow(found, len(wanted) - len(rows))


def _order(reading: LatestReading) -> tuple[bool, bool, str, str]:
    """Of the whole person before each integration, built-in before pushed."""
    return reading.target != "", reading.metric not in metrics, reading.metric, reading.target
