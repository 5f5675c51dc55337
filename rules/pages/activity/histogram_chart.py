"""The histogram as bars that are links: heights, colours, words and ticks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from django.utils import timezone

from rules.search.histogram import Bar, Histogram
from smartagent.kernel.formats import clock

# Colours that mean something; the others take what is left, in turn.
COLOURS = {
    "rule_fired": "red", "rule_resolved": "green", "rule_repeated": "orange", "instance_acknowledged": "blue",
    "rule_no_data": "amber", "rule_error": "pink", "other": "grey",
}  # fmt: skip
OTHER_COLOURS = ("violet", "teal", "sky", "lime", "brown")
TICKS = 6
Address = Callable[[datetime, datetime], str]


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """One bar: the address of its period, what it says, its height in percent, and its parts (colour, percent)."""

    address: str
    words: str
    height: float
    parts: list[tuple[str, float]]
    start: str
    end: str
    tick: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`legend` has a colour, a label and a count for each event; each entry counted stands for `weight` entries."""

    bars: list[DrawnBar]
    legend: list[tuple[str, str, int]]
    peak: int
    total: int
    weight: float = 1


def chart_of(found: Histogram, address: Address, weight: float = 1) -> Chart:
    """The bars of `found`, of a sample by its `weight`; `address` gives that of a period."""
    found = found.weighted(weight) if weight != 1 else found
    colours = _colours([event for event, _ in found.events])
    every = max(1, -(-len(found.bars) // TICKS))
    bars = [
        _drawn(bar, found, colours, address, tick=not number % every) for number, bar in enumerate(found.bars)
    ]  # fmt: skip
    legend = [
        (colour, label, sum(bar.counts[place] for bar in found.bars))
        for place, (colour, (_, label)) in enumerate(zip(colours, found.events, strict=True))
    ]
    return Chart(bars, legend, found.peak, found.total, weight)


def _drawn(bar: Bar, found: Histogram, colours: list[str], address: Address, *, tick: bool) -> DrawnBar:
    counts = [
        f"{count:,} {label}" for count, (_, label) in zip(bar.counts, found.events, strict=True) if count
    ]  # fmt: skip
    parts = [
        (colour, round(100 * count / bar.total, 2))
        for colour, count in zip(colours, bar.counts, strict=True) if count
    ]  # fmt: skip
    height = round(max(100 * bar.total / found.peak, 2), 2) if bar.total else 0
    start, end = timezone.localtime(bar.start), timezone.localtime(bar.end)
    return DrawnBar(
        address(bar.start, bar.end), f"{_span(start, end)}: {', '.join(counts) or 'no entries'}", height, parts,
        start.isoformat(), end.isoformat(), _tick(start, end - start) if tick else "",
    )  # fmt: skip


def _span(start: datetime, end: datetime) -> str:
    same_day = start.date() == end.date()
    return f"{clock(start)} to {end:%H:%M}" if same_day else f"{clock(start)} to {clock(end)}"


def _tick(start: datetime, step: timedelta) -> str:
    if step < timedelta(hours=2):
        return f"{start:%H:%M}"
    return f"{start.day} {start:%b}" if step >= timedelta(hours=12) else f"{start.day} {start:%b %H:%M}"


def _colours(events: list[str]) -> list[str]:
    others = cycle(OTHER_COLOURS)
    return [COLOURS.get(event) or next(others) for event in events]
