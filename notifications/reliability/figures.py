"""How deliveries went by kind of channel and by channel, over 24 hours, 7 and 30 days: one statement over the last 30
days, whose rows are counts by class of latency. Classes are 2 % wide, so percentiles are right to 1 %.

Tests by persons are left out, and so is what waits for quiet hours, a channel or a digest.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from notifications.models import Channel
from notifications.registries import channels
from notifications.routing.router import NOTIFICATION_TTL
from smartagent.kernel.formats import plural

PERIODS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
PERIOD_LABELS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
MAX_CHANNELS = 30
CLASSES = 50  # of latency, for a factor of e
GRADED_SQL = f"""
WITH timed AS (
    SELECT channel_id, kind, status,
           CASE WHEN created_at >= %(day)s THEN 0 WHEN created_at >= %(week)s THEN 1 ELSE 2 END AS age,
           CASE WHEN status = 'delivered'  -- since it was written, or is due: what is held expires later
                THEN least(date_part('epoch', settled_at - created_at),
                           date_part('epoch', settled_at - expires_at) + %(ttl)s) END AS seconds,
           status IN ('due', 'sending') AND created_at < %(overdue)s AND expires_at < %(overdue_until)s AS is_overdue
      FROM deliveries
     WHERE created_at >= %(month)s AND created_at <= %(now)s AND reason <> 'test'
       AND status IN ('delivered', 'dead', 'due', 'sending')),
graded AS MATERIALIZED (
    SELECT channel_id, kind, age, round(ln(greatest(seconds, 0.001)) * {CLASSES})::int AS class,
           count(*) FILTER (WHERE status = 'delivered') AS delivered,
           count(*) FILTER (WHERE status = 'dead') AS failed,
           count(*) FILTER (WHERE seconds > %(goal)s) AS late,
           count(*) FILTER (WHERE is_overdue) AS overdue
      FROM timed GROUP BY 1, 2, 3, 4),
worst AS (
    SELECT channel_id FROM graded WHERE channel_id IS NOT NULL GROUP BY 1
     ORDER BY sum(failed + late + overdue) DESC, sum(delivered) DESC, 1 LIMIT {MAX_CHANNELS})
SELECT NULL::uuid, kind, age, class, sum(delivered)::int8, sum(failed)::int8, sum(late)::int8, sum(overdue)::int8
  FROM graded GROUP BY 2, 3, 4
 UNION ALL
SELECT channel_id, '', age, class, sum(delivered)::int8, sum(failed)::int8, sum(late)::int8, sum(overdue)::int8
  FROM graded WHERE channel_id IN (SELECT channel_id FROM worst) GROUP BY 1, 3, 4
"""


@dataclass(slots=True)
class PeriodFigures:
    """Deliveries of one period: `late` ones are among the delivered, `overdue` ones are still due after the goal."""

    delivered: int = 0
    failed: int = 0
    late: int = 0
    overdue: int = 0
    classes: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All that a service level counts."""
        return self.delivered + self.failed + self.overdue

    @property
    def on_time(self) -> int:
        return self.delivered - self.late

    @property
    def success_rate(self) -> float | None:
        """Percent of the settled deliveries that arrived; None without any."""
        return _percent(self.delivered, self.delivered + self.failed)

    @property
    def on_time_rate(self) -> float | None:
        """Percent of all deliveries that arrived within the goal; None without any."""
        return _percent(self.on_time, self.total)

    @property
    def p50(self) -> float | None:
        return self.percentile(0.5)

    @property
    def p95(self) -> float | None:
        return self.percentile(0.95)

    def percentile(self, part: float) -> float | None:
        """Seconds within which this part of what was delivered arrived; None without any."""
        rank, seen = math.ceil(part * self.delivered), 0
        for number in sorted(self.classes):
            seen += self.classes[number]
            if seen >= rank:
                return float(f"{math.exp(number / CLASSES):.2g}")
        return None

    def add(self, other: "PeriodFigures") -> None:
        """Add the deliveries of `other`."""
        self.delivered += other.delivered
        self.failed += other.failed
        self.late += other.late
        self.overdue += other.overdue
        self.classes += other.classes


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of a kind of channel, of one channel, or of all, by period."""

    name: str
    kind: str = ""
    channel: Channel | None = None
    periods: dict[str, PeriodFigures] = field(default_factory=lambda: {name: PeriodFigures() for name in PERIODS})


@dataclass(frozen=True, slots=True)
class Reliability:
    """All figures: of everything, by kind, and of the channels with the most failures."""

    total: Row
    kinds: list[Row]
    channels: list[Row]


def reliability_of(seconds: int, now: datetime) -> Reliability:
    """The figures of all deliveries, with `seconds` as the goal of latency."""
    by_key: defaultdict[Any, list[PeriodFigures]] = defaultdict(lambda: [PeriodFigures() for _ in PERIODS])
    for channel, kind, age, number, *counts in _graded(seconds, now):
        figures = PeriodFigures(*counts)
        if number is not None:
            figures.classes[number] = figures.delivered
        by_key[channel or kind][age].add(figures)
    known = Channel.objects.select_related("user").in_bulk([key for key in by_key if not isinstance(key, str)])
    kinds = [_row(Row(_kind_label(key), kind=key), ages) for key, ages in by_key.items() if isinstance(key, str)]
    named = [_row(Row(channel.name, channel.kind, channel), by_key[key]) for key, channel in known.items()]
    total = Row("All deliveries")
    for row in kinds:
        for period, figures in row.periods.items():
            total.periods[period].add(figures)
    return Reliability(total, _sorted(kinds), _sorted(named))


def budget_left(figures: PeriodFigures, percent: float) -> float | None:
    """The part of the error budget that is left, in percent, below zero where it is exceeded; None without deliveries.

    The budget is how many deliveries may fail or be late before the goal is missed.
    """
    if not figures.total:
        return None
    bad, allowed = figures.total - figures.on_time, figures.total * (100 - percent) / 100
    if not bad:
        return 100.0
    return round(100 * (allowed - bad) / allowed, 1) if allowed else -100.0


def budget_in_words(figures: PeriodFigures, percent: float) -> str:
    """How many deliveries may still fail or be late: `12 of 50 left`."""
    bad, allowed = figures.total - figures.on_time, math.floor(figures.total * (100 - percent) / 100 + 1e-9)
    if bad > allowed:
        return f"exceeded by {bad - allowed:,} {plural(bad - allowed, 'delivery', 'deliveries')}"
    return f"{allowed - bad:,} of {allowed:,} {plural(allowed, 'delivery', 'deliveries')} left"


def _graded(seconds: int, now: datetime) -> list[Any]:
    since = {"day": now - PERIODS["24h"], "week": now - PERIODS["7d"], "month": now - PERIODS["30d"]}
    overdue = now - timedelta(seconds=seconds)
    params: dict[str, Any] = since | {
        "now": now, "ttl": NOTIFICATION_TTL.total_seconds(), "goal": seconds, "overdue": overdue,
        "overdue_until": overdue + NOTIFICATION_TTL,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(GRADED_SQL, params)
        return list(cursor.fetchall())


def _row(row: Row, ages: list[PeriodFigures]) -> Row:
    """A period contains the younger ones."""
    for number, figures in enumerate(row.periods.values()):
        for age in ages[: number + 1]:
            figures.add(age)
    return row


def _kind_label(kind: str) -> str:
    return channels[kind].label if kind in channels else kind or "Deleted channels"


def _sorted(rows: Iterable[Row]) -> list[Row]:
    """The worst first: those with the most failed and late deliveries of 30 days, then the busiest."""

    def badness(row: Row) -> tuple[int, int, str]:
        figures = row.periods["30d"]
        return figures.on_time - figures.total, -figures.total, row.name

    return sorted(rows, key=badness)


def _percent(part: int, whole: int) -> float | None:
    """Rounded towards zero, so that only all are 100 %."""
    return math.floor(10_000 * part / whole) / 100 if whole else None
