"""Measure each dimension at its sizes, and project it to a size that takes too long to fill."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from smartagent.bench.growth.entries import measure_entries
from smartagent.bench.growth.people import measure_people
from smartagent.bench.growth.rules import measure_rules
from smartagent.bench.growth.samples import measure_samples
from smartagent.bench.growth.sizes import Measured
from smartagent.bench.growth.slopes import Cost, costs_of


@dataclass(frozen=True, slots=True)
class Dimension:
    """What grows: how it is measured at which sizes, and the size to which it is projected."""

    measure: Callable[[int], Measured]
    sizes: tuple[int, ...]
    projected: int


DIMENSIONS = {
    "rules": Dimension(measure_rules, (1_000, 10_000, 100_000, 1_000_000), 10_000_000),
    "people": Dimension(measure_people, (1_000, 10_000, 100_000, 1_000_000), 1_000_000),
    "samples": Dimension(measure_samples, (1_000_000, 10_000_000, 100_000_000), 1_000_000_000),
    "entries": Dimension(measure_entries, (100_000, 1_000_000, 10_000_000), 100_000_000),
}  # fmt: skip


def bench_growth(names: list[str], largest: int) -> dict[str, Any]:
    """Measure what is named at all its sizes up to `largest`, in scratch databases; at least at its smallest one."""
    return {"growth": [row for name in names for row in _rows(name, largest)]}


def _rows(name: str, largest: int) -> Iterator[dict[str, Any]]:
    dimension = DIMENSIONS[name]
    sizes = [size for size in dimension.sizes if size <= largest] or [min(dimension.sizes[0], largest)]
    for cost in costs_of({size: dimension.measure(size) for size in sizes}):
        yield _row(name, cost, dimension.projected)


def _row(dimension: str, cost: Cost, projected: int) -> dict[str, Any]:
    """Values have the unit of the row; `per_million` is what another million costs."""
    per_million = None if cost.per_unit is None else cost.per_unit * 1_000_000
    return {
        "name": f"{dimension}: {cost.name} ({cost.unit})",
        "measured": {str(point.size): _rounded(point.value) for point in cost.points},
        "per_million": _rounded(per_million),
        "exponent": None if cost.exponent is None else round(cost.exponent, 2),
        "projected_to": projected, "projected": _rounded(cost.at(projected)),
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    """Three significant digits."""
    return None if value is None else float(f"{value:.3g}")
