"""A series and its states as a strip: the path of a line and bands behind it, for an SVG without scripts. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from rules.instances.bands import Band

STRIP_COLUMNS = 240  # of a status history; each has the worst state of its time
STRIP_HEIGHT, PADDING = 24.0, 2.0
# The worst first, of instances and of integrations alike.
WORST_BANDS = (
    "firing", "error", "none", "recovering", "inactive", "pending", "no_data", "syncing", "ok", "active",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a strip in one state, in percent of its width."""

    condition: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Scale:
    """The values at the bottom and at the top of a strip."""

    low: float
    high: float

    def y(self, value: float) -> float:
        """Where `value` is, counted from the top."""
        if self.high == self.low:
            return STRIP_HEIGHT / 2
        share = (value - self.low) / (self.high - self.low)
        return round(STRIP_HEIGHT - PADDING - share * (STRIP_HEIGHT - 2 * PADDING), 2)


def scale_of(values: Iterable[float | None]) -> Scale:
    """The scale on which all `values` have room."""
    known = [value for value in values if value is not None]
    return Scale(min(known, default=0.0), max(known, default=0.0))


def path_of(values: Sequence[float | None], scale: Scale, *, held: bool) -> str:
    """The line through evenly spaced `values`, 100 wide, with gaps where there are none; in steps where a value is
    `held` until the next; empty without a value."""
    width = 100 / max(len(values), 1)
    parts: list[str] = []
    before: float | None = None
    for number, value in enumerate(values):
        if value is not None:
            parts.append(_to(number, width, scale.y(value), is_begun=before is not None, held=held))
        before = value
    return "".join(parts)


def level_path(levels: Sequence[tuple[datetime, float | None]], scale: Scale, start: datetime, end: datetime) -> str:
    """The line of a threshold, 100 wide: each level holds until the next, with a gap where there is none."""
    parts: list[str] = []
    edges = [*(at for at, _ in levels[1:]), end]
    for (at, level), until in zip(levels, edges, strict=True):
        if level is not None:
            left, right = (round((time - start) / (end - start) * 100, 2) for time in (at, until))
            parts.append(f"M{left:g} {scale.y(level):g}H{right:g}")
    return "".join(parts)


def _to(number: int, width: float, y: float, *, is_begun: bool, held: bool) -> str:
    """The next piece of the line: it ends at the time of its value, and one that begins is as long as a step."""
    left, right = round(number * width, 2), round((number + 1) * width, 2)
    if not is_begun:
        return f"M{left:g} {y:g}H{right:g}"
    return f"V{y:g}H{right:g}" if held else f"L{right:g} {y:g}"


def segments_of(bands: Sequence[Band], start: datetime, end: datetime) -> list[Segment]:
    """The states of a period, in columns: of each the worst state that occurred in it."""
    columns: list[str] = [""] * STRIP_COLUMNS
    whole = (end - start) / STRIP_COLUMNS
    for band in bands:
        first = max(0, int((band.start - start) / whole))
        last = min(STRIP_COLUMNS - 1, int(((band.end or end) - start) / whole))
        for column in range(first, last + 1):
            columns[column] = min(columns[column], band.condition, key=_rank)
    return list(_joined(columns))


def _joined(columns: Sequence[str]) -> Iterable[Segment]:
    for condition, group in groupby(enumerate(columns), key=lambda column: column[1]):
        numbers = [number for number, _ in group]
        if condition:
            yield Segment(
                condition, round(numbers[0] * 100 / STRIP_COLUMNS, 2), round(len(numbers) * 100 / STRIP_COLUMNS, 2)
            )


def _rank(condition: str) -> int:
    return WORST_BANDS.index(condition) if condition in WORST_BANDS else len(WORST_BANDS)
