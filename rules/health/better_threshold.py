"""A better threshold from feedback on past firings, pure.

Of the thresholds that keep every useful firing, those that drop the most noise; of these the one closest to the present
threshold, with as few decimals as that has, or more where no such number fits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from math import isfinite

from rules.engine.conditions import met
from rules.text.entry import number

DECIMALS = 10  # decimals of the column of thresholds
UPWARDS = {">", ">="}
STRICT_OPERATORS = {">", "<"}  # operators that are not met by a value equal to the threshold

Reading = tuple[float, bool]  # the reading at a firing, and whether that was useful


@dataclass(frozen=True, slots=True)
class ThresholdProposal:
    """A proposed threshold, and what it does to the rated firings."""

    present: float
    threshold: float
    useful: int
    dropped: int
    noise: int

    def __str__(self) -> str:
        verb = "Raise" if self.threshold > self.present else "Lower"
        return f"{verb} the threshold from {number(self.present)} to {number(self.threshold)}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why no other threshold can be proposed."""

    reason: str


def propose(
    operator: str, threshold: float, readings: Iterable[Reading], critical: float | None = None
) -> ThresholdProposal | Refusal:
    """Propose a threshold from rated `readings`; it stays on the milder side of `critical`. Refusal where there is
    none."""
    if operator not in UPWARDS | {"<", "<="}:
        return Refusal("A rule with = or != has no threshold to adjust.")
    firing = [(value, useful) for value, useful in readings if isfinite(value) and met(value, operator, threshold)]
    useful = [value for value, is_useful in firing if is_useful]
    noise = [value for value, is_useful in firing if not is_useful]
    if reason := _nothing_to_go_by(useful, noise):
        return Refusal(reason)
    sign = 1 if operator in UPWARDS else -1  # for < and <=, negated values turn below into above
    first = min(sign * value for value in useful)
    end, end_counts = first, operator not in STRICT_OPERATORS
    if critical is not None and sign * critical <= first:
        end, end_counts = sign * critical, False
    drops = [sign * value for value in noise if sign * value < end]
    if not drops:
        return Refusal(_inseparable(sign, first, noise, limited=end < first))
    found = _plain_between(sign * threshold, max(drops), end, at_start=operator in STRICT_OPERATORS, at_end=end_counts)
    if found is None:
        return Refusal("Readings of noisy and useful alerts are too close to separate.")
    return ThresholdProposal(threshold, sign * found, len(useful), len(drops), len(noise))


def _nothing_to_go_by(useful: list[float], noise: list[float]) -> str:
    if not useful and not noise:
        return "No rated alerts with a reading."
    if not noise:
        return "No alert was marked as noise."
    if not useful:
        return "No alert was marked as useful, so a threshold cannot be chosen."
    return ""


def _inseparable(sign: int, first: float, noise: list[float], *, limited: bool) -> str:
    if limited:
        return "Only a threshold past the critical threshold would exclude the noise."
    nearest = min(noise) if sign > 0 else max(noise)
    return (
        f"No threshold separates noise from useful alerts: the mildest useful alert was at {number(sign * first)}, "
        f"the mildest noise at {number(nearest)}."
    )


def _plain_between(present: float, start: float, end: float, *, at_start: bool, at_end: bool) -> float | None:
    """The first number from `start` to `end` with as few decimals as possible; None where there is none."""
    low, high = Decimal(repr(start)), Decimal(repr(end))
    fewest = max(0, -int(Decimal(repr(present)).normalize().as_tuple().exponent))
    with localcontext(prec=60):
        for digits in range(min(fewest, DECIMALS), DECIMALS + 1):
            step = Decimal(1).scaleb(-digits)
            found = (low / step).to_integral_value(ROUND_CEILING) * step
            if found == low and not at_start:
                found += step
            if found > high or (found == high and not at_end):
                continue
            if _stays_apart(float(found), start, end, at_start, at_end):
                return float(found)
    return None


def _stays_apart(found: float, start: float, end: float, at_start: bool, at_end: bool) -> bool:
    """Whether `found` is still between `start` and `end` after rounding to double precision, in which readings are
    compared."""
    return (found > start or (found == start and at_start)) and (found < end or (found == end and at_end))
