"""The table of a soak: each figure at the start and at the end, how fast it changes, and whether that is well."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean, median, quantiles
from typing import Any

from smartagent.bench.faults.soak.readings import Reading, TableReading

STEADY, GROWS, NOTHING_GROWS = "steady", "grows", "nothing grows"
HOUR = 3600.0
TENTHS = 10
WARM_MINUTES = 30
# What may change without growing: a tenth in an hour, and what a process or a clock varies by itself.
TOLERATED_SHARE = 0.10
NOISE = {"MB": 16.0, "connections": 4.0, "ms": 100.0, "bytes": 16.0, "%": 25.0}
MAX_FACTOR_OF_TIME = 1.5
NOISE_OF_PERCENTILE = {50: 25.0, 99: 100.0}  # milliseconds
MAX_FACTOR_OF_ROW = 1.25


def figure_rows(readings: Sequence[Reading]) -> Iterator[dict[str, Any]]:
    """What is read every few seconds; `tenths` are the figures of each tenth of the time. What processes take to warm
    up is no growth: the slope is that of the second half."""
    for name in readings[-1].figures:
        points = [(each.at, each.figures[name]) for each in readings if name in each.figures]
        slope = slope_of(points[len(points) // 2 :])
        unit = name.rpartition(" ")[2]
        middle = fmean if unit == "%" else median  # evaluations keep a process busy for a moment each
        tenths = [middle(figures) for place in range(TENTHS) if (figures := _tenth(points, place))]
        start, end = tenths[0], tenths[-1]
        hours = max((points[-1][0] - points[0][0]) / HOUR, 1 / 60)
        noise = NOISE[unit]
        grown = slope * min(hours, 1.0) > max(end * TOLERATED_SHARE * min(hours, 1.0), noise)
        row = _row(name, start, end, slope, GROWS if grown else STEADY)
        yield row | {"tenths": [round(figure, 1) for figure in tenths]}


def table_rows(first: Mapping[str, TableReading], last: Mapping[str, TableReading]) -> Iterator[dict[str, Any]]:
    """What a row of each table takes, in it and in its indexes; dead rows; and updates that wrote no index."""
    for name in first.keys() & last.keys():
        before, after = first[name], last[name]
        hours = max((after.at - before.at) / HOUR, 1 / 60)
        for what in ("table_bytes", "index_bytes"):
            start, end = getattr(before, what) / max(before.rows, 1), getattr(after, what) / max(after.rows, 1)
            grown = end > start * MAX_FACTOR_OF_ROW + NOISE["bytes"]
            kind = what.partition("_")[0]
            yield _row(f"{name}: {kind} bytes for a row", start, end, (end - start) / hours, GROWS if grown else STEADY)
        start, end = (100 * each.dead / max(each.rows + each.dead, 1) for each in (before, after))
        verdict = GROWS if end > start + NOISE["%"] else STEADY
        yield _row(f"{name}: dead rows %", start, end, (end - start) / hours, verdict)
        if (updates := after.updates - before.updates) > after.rows / 10:
            hot = 100 * (after.hot_updates - before.hot_updates) / updates
            yield _row(f"{name}: updates that write no index %", hot, hot, 0.0, STEADY)


def time_rows(name: str, points: Sequence[tuple[float, float]]) -> Iterator[dict[str, Any]]:
    """Median and 99th percentile of seconds, as milliseconds, at the start and the end of their trend; `tenths` are
    those of each tenth of the time."""
    if len(points) < 2:
        return
    hours = max((points[-1][0] - points[0][0]) / HOUR, 1e-9)
    tenths = [figures for place in range(TENTHS) if (figures := _tenth(points, place))]
    for percentile, noise in NOISE_OF_PERCENTILE.items():
        each = [1000 * percentile_of(figures, percentile) for figures in tenths]
        start, end = trend_of(each)
        verdict = GROWS if end > start * MAX_FACTOR_OF_TIME + noise else STEADY
        slope = (end - start) / (hours * max(len(each) - 1, 1) / TENTHS)
        row = _row(f"{name} p{percentile} ms", start, end, slope, verdict)
        yield row | {"tenths": [round(figure, 1) for figure in each]}


def trend_of(figures: Sequence[float]) -> tuple[float, float]:
    """Where the line through evenly spaced figures begins and ends: the median slope of all pairs (P. K. Sen, Estimates
    of the regression coefficient based on Kendall's tau, 1968). Less than 29 % of the figures cannot move it, such as
    those of a machine that was slow for a while."""
    pairs = combinations(enumerate(figures), 2)
    slope = median([(later - sooner) / (at - since) for (since, sooner), (at, later) in pairs] or [0.0])
    start = median(figure - slope * place for place, figure in enumerate(figures))
    return start, start + slope * (len(figures) - 1)


def verdict_of(rows: Sequence[Mapping[str, Any]], minutes: float) -> str:
    """What grows that should not, by name; a short soak cannot tell that from what warms up."""
    found = ", ".join(f"{row['name']} {GROWS}" for row in rows if row["verdict"] == GROWS) or NOTHING_GROWS
    return found if minutes >= WARM_MINUTES else f"{found}; a soak of less than {WARM_MINUTES} minutes only warms up"


def slope_of(points: Sequence[tuple[float, float]]) -> float:
    """The least squares of (seconds, figure), as a change in an hour."""
    if len(points) < 2:
        return 0.0
    middle, mean = fmean(at for at, _ in points), fmean(figure for _, figure in points)
    squares = sum((at - middle) ** 2 for at, _ in points)
    return HOUR * sum((at - middle) * (figure - mean) for at, figure in points) / squares if squares else 0.0


def percentile_of(figures: Sequence[float], percentile: int) -> float:
    """A percentile of at least one figure."""
    return quantiles(figures, n=100, method="inclusive")[percentile - 1] if len(figures) > 1 else figures[0]


def _tenth(points: Sequence[tuple[float, float]], place: int) -> list[float]:
    """The figures of a tenth of the time, 0 to 9."""
    length = (points[-1][0] - points[0][0]) / TENTHS
    begins = points[0][0] + place * length
    ends = points[-1][0] if place == TENTHS - 1 else begins + length
    return [figure for at, figure in points if begins <= at <= ends]


def _row(name: str, start: float, end: float, slope: float, verdict: str) -> dict[str, Any]:
    return {
        "name": name, "start": round(start, 1), "end": round(end, 1), "slope": round(slope, 2), "verdict": verdict,
    }  # fmt: skip
