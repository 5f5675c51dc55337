"""Aggregations over time of a value that holds until the next one: a built-in metric."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from rules.engine.numeric_range import in_range
from rules.engine.quantiles import by_weight
from rules.engine.sample_sums import MICROSECOND


class Stretch(NamedTuple):
    """A value and the time during which it holds."""

    value: float
    begun: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        """How long it holds."""
        return (self.ended - self.begun).total_seconds()


def quantile(stretches: Sequence[Stretch], share: float) -> float:
    """The value that is not exceeded for `share` of the time."""
    return by_weight([(each.value, (each.ended - each.begun) // MICROSECOND) for each in stretches], share)


def deviation(stretches: Sequence[Stretch], _: float = 0.0) -> float:
    """The standard deviation over time; 0 where no time has passed."""
    if not (length := _length(stretches)):
        return 0.0
    above = _above_first(stretches)
    mean = math.fsum(value * each.seconds for value, each in zip(above, stretches, strict=True)) / length
    squares = (in_range(value - mean) ** 2 * each.seconds for value, each in zip(above, stretches, strict=True))
    return math.sqrt(math.fsum(squares) / length)


def slope(stretches: Sequence[Stretch], _: float = 0.0) -> float | None:
    """The slope per second of the least-squares line through the value at each time; None where no time has passed."""
    return line[1] if (line := _line(stretches)) else None


def prediction(stretches: Sequence[Stretch], ahead: float) -> float | None:
    """The value of that line `ahead` seconds after the end; None where no time has passed."""
    if not (line := _line(stretches)):
        return None
    mean, steepness = line
    return mean + steepness * (_length(stretches) / 2 + ahead)


def _line(stretches: Sequence[Stretch]) -> tuple[float, float] | None:
    """The mean over time, and the slope."""
    length, end = _length(stretches), stretches[-1].ended
    if not length:
        return None
    areas = [value * each.seconds for value, each in zip(_above_first(stretches), stretches, strict=True)]
    times = [(each.begun - end).total_seconds() + (each.ended - end).total_seconds() for each in stretches]
    turned = math.fsum(area * (time + length) for area, time in zip(areas, times, strict=True))
    return in_range(stretches[0].value) + math.fsum(areas) / length, 6 * turned / length**3


def _above_first(stretches: Sequence[Stretch]) -> list[float]:
    """The values less the first one: of a constant they are 0, so that no rounding gives it a slope or deviation."""
    first = in_range(stretches[0].value)
    return [in_range(each.value) - first for each in stretches]


def _length(stretches: Sequence[Stretch]) -> float:
    return (stretches[-1].ended - stretches[0].begun).total_seconds()


HELD_REDUCERS: dict[str, Callable[[Sequence[Stretch], float], float | None]] = {
    "quantile": quantile, "stddev": deviation, "deriv": slope, "predict_linear": prediction,
}  # fmt: skip
