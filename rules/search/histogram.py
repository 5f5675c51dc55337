"""How many entries there are by time, stacked by event."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, F, Func, Max, Min, QuerySet, Value
from django.utils import timezone

from rules.search.entry_counts import counted_log
from rules.text.event_names import event_label

MAX_BARS, MAX_EVENTS = 60, 5  # what is beyond the commonest events is one more, “other”
ONE_MINUTE, ONE_HOUR, ONE_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BAR_STEPS = (
    *(ONE_MINUTE * number for number in (1, 2, 5, 15, 30)),
    *(ONE_HOUR * number for number in (1, 2, 3, 6, 12)),
    *(ONE_DAY * number for number in (1, 2, 7, 14, 30, 90, 365, 3650, 36500)),
)
OTHER = "other"
FIRST_BAR = datetime(1970, 1, 1, tzinfo=UTC)  # what other programs date before it has no bar


class Binned(Func):
    """The beginning of the bin of so many seconds in which a time lies; bins are counted from an origin."""

    template = "date_bin(%(expressions)s)"
    output_field = DateTimeField()


@dataclass(frozen=True, slots=True)
class Bar:
    """The entries from `start` until `end`: how many of each event, in the order of the histogram's events."""

    start: datetime
    end: datetime
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Histogram:
    """`events` are pairs of event and label, the commonest first."""

    bars: list[Bar]
    events: list[tuple[str, str]]

    def weighted(self, weight: float) -> "Histogram":
        """The same, each entry counted as `weight` entries."""
        bars = [replace(bar, counts=tuple(round(count * weight) for count in bar.counts)) for bar in self.bars]
        return replace(self, bars=bars)

    @property
    def peak(self) -> int:
        """The entries of the highest bar."""
        return max((bar.total for bar in self.bars), default=0)

    @property
    def total(self) -> int:
        """All entries."""
        return sum(bar.total for bar in self.bars)


def histogram(
    entries: QuerySet[Any], start: datetime | None, end: datetime, *, is_whole_log: bool = False
) -> Histogram:
    """Count `entries` between `start` (None: the oldest of them) and `end`, in three queries at most.

    `is_whole_log`: they are all entries of that time, of which there are counts.
    """
    oldest = entries.order_by().aggregate(oldest=Min("created_at"))["oldest"] if start is None else None
    first = max(start or oldest or end, FIRST_BAR)
    if first >= end:
        return Histogram([], [])
    step = next(size for size in BAR_STEPS if (end - first) / size <= MAX_BARS)
    origin = _origin(first, step)
    known = counted_log(first, end, step, origin) if is_whole_log else None
    found = (
        _counted(entries, step, origin) if known is None else [(each.bin, each.event, each.entries) for each in known]
    )
    totals = _totals(found)
    events = sorted(totals, key=lambda event: (-totals[event], event))[:MAX_EVENTS]
    has_others = any(event not in events for _, event, _ in found)
    names = [(event, event_label(event)) for event in events] + ([(OTHER, OTHER)] if has_others else [])
    counts: dict[datetime, Counter[str]] = {}
    for bin_, event, count in found:
        counts.setdefault(bin_, Counter())[event if event in events else OTHER] += count
    return Histogram([
        Bar(at, at + step, tuple(counts.get(at, Counter())[event] for event, _ in names))
        for at in _bins(origin, step, first, end)
    ], names)  # fmt: skip


def _counted(entries: QuerySet[Any], step: timedelta, origin: datetime) -> list[tuple[datetime, str, int]]:
    """Bin, event and number of `entries`."""
    bins = entries.order_by().values("event_type", bin=Binned(Value(step), F("created_at"), Value(origin)))
    return list(bins.annotate(count=Count("*")).values_list("bin", "event_type", "count"))


def newest(entries: QuerySet[Any]) -> datetime | None:
    """When the newest of `entries` was written."""
    return entries.order_by().aggregate(newest=Max("created_at"))["newest"]  # type: ignore[no-any-return]


def _origin(first: datetime, step: timedelta) -> datetime:
    """Where bins begin: at midnight in the current time zone."""
    midnight = timezone.localtime(first).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.astimezone(UTC)


def _bins(origin: datetime, step: timedelta, first: datetime, end: datetime) -> Iterator[datetime]:
    at = origin + (first - origin) // step * step
    while at < end:
        yield at
        at += step


def _totals(found: list[tuple[datetime, str, int]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for _, event, count in found:
        totals[event] += count
    return totals
