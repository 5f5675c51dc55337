"""From measurements at several sizes to the cost of a unit, and to the cost at a size that was not measured."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STEEP = 1.1  # of the exponent: from here on, a line would be too good to be true


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one size."""

    size: int
    value: float


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost and its measurements, by size in ascending order. `unit`: s, ms, or bytes."""

    name: str
    unit: str
    points: Sequence[Point]

    @property
    def per_unit(self) -> float | None:
        """What each further unit costs: the slope between the two largest sizes, never below zero; None of one size."""
        if len(self.points) < 2:
            return None
        before, last = self.points[-2:]
        return max(0.0, (last.value - before.value) / (last.size - before.size))

    @property
    def exponent(self) -> float | None:
        """The p of value ~ size^p between the two largest sizes: 0 does not grow, 1 grows alike; None if unknown."""
        if len(self.points) < 2 or min(self.points[-2].value, self.points[-1].value) <= 0:
            return None
        before, last = self.points[-2:]
        return math.log(last.value / before.value) / math.log(last.size / before.size)

    def at(self, size: int) -> float | None:
        """The value at another size: on a line through the two largest, or on a power law where it is steeper."""
        if self.per_unit is None:
            return None
        last = self.points[-1]
        line = last.value + self.per_unit * (size - last.size)
        if self.exponent is None or self.exponent < STEEP:
            return line
        return max(line, last.value * math.pow(size / last.size, self.exponent))


def costs_of(measured: Mapping[int, Mapping[tuple[str, str], float]]) -> list[Cost]:
    """Turn {size: {(name, unit): value}} into costs, in the order of the largest size."""
    sizes = sorted(measured)
    return [
        Cost(name, unit, [Point(size, measured[size][name, unit]) for size in sizes if (name, unit) in measured[size]])
        for name, unit in measured[sizes[-1]]
    ]
