"""Whether an optimization helped: the readings before and after it. Pure.

The Mann-Whitney U test (https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test), which assumes no distribution. For
few readings the exact distribution over all assignments to the two sides is used, also with ties (Lehmann,
Nonparametrics, 1975, section 1.2 and appendix); for many the normal approximation, corrected for ties and continuity.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist, fmean

MIN_READINGS = 3  # readings on each side, see also `enough_readings`
EXACT = 1000  # the smaller side times all readings; beyond it the approximation is close
SURE = 0.05
UP, DOWN = ("<", "<="), (">", ">=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """improved, unchanged, worse or too_little; `difference` of the means, after less before; `p` of the test."""

    verdict: str
    before: float | None
    after: float | None
    difference: float | None = None
    p: float | None = None


def compare(
    before: Sequence[float],
    after: Sequence[float],
    operator: str,
    threshold: float,
    observed: Callable[[Sequence[float]], Sequence[float]] = lambda readings: readings,
) -> Effect:
    """The effect on a metric for which `operator` `threshold` is the bad side.

    `observed` selects the readings that the test may treat as independent; all by default.
    """
    means = [fmean(values) if values else None for values in (before, after)]
    seen = [observed(values) for values in (before, after)]
    if not enough_readings(len(seen[0]), len(seen[1])):
        return Effect(verdict="too_little", before=means[0], after=means[1])
    p = mann_whitney(*(_goodness(values, operator, threshold) for values in seen))
    better = fmean(_goodness(after, operator, threshold)) - fmean(_goodness(before, operator, threshold))
    verdict = "unchanged" if p >= SURE or not better else "improved" if better > 0 else "worse"
    return Effect(
        verdict=verdict, before=means[0], after=means[1], difference=fmean(after) - fmean(before), p=round(p, 6)
    )


def enough_readings(before: int, after: int) -> bool:
    """Whether so many readings can be significant: with three against three even the rarest outcome has p = 0.1."""
    return min(before, after) >= MIN_READINGS and 2 / comb(before + after, before) < SURE


def mann_whitney(left: Sequence[float], right: Sequence[float]) -> float:
    """The two-sided p-value, 0 to 1, that two samples of one distribution differ at least as much."""
    n, m = len(left), len(right)
    size, ranks = n + m, _ranks([*left, *right])
    fewer = ranks[:n] if n <= m else ranks[n:]
    if len(fewer) * size <= EXACT:
        return _exact(ranks, fewer)
    u = sum(ranks[:n]) - n * (n + 1) / 2
    ties = sum(count**3 - count for count in Counter([*left, *right]).values())
    variance = n * m / 12 * ((size + 1) - ties / (size * (size - 1)))
    if variance <= 0:
        return 1.0  # all readings are the same
    distance = max(abs(u - n * m / 2) - 0.5, 0.0)
    return min(2 * NormalDist().cdf(-distance / sqrt(variance)), 1.0)


def _exact(ranks: Sequence[float], side: Sequence[float]) -> float:
    """The exact p-value: of all choices of as many of these ranks, the share whose sum is as far from the mean as that
    of `side`.

    Choices are counted by their sum, one rank after the other. Doubled ranks are whole numbers, and all counts of one
    size are the digits of one large integer, so adding a rank is one shift.
    """
    size, chosen = len(ranks), len(side)
    total = comb(size, chosen)
    width = total.bit_length()
    choices = [1, *[0] * chosen]  # by how many ranks are chosen
    for rank in ranks:
        for many in range(chosen, 0, -1):
            choices[many] += choices[many - 1] << (round(2 * rank) * width)
    mean = chosen * (size + 1)  # of twice the sum
    distance = abs(round(2 * sum(side)) - mean)
    as_far = 0
    digits, place, mask = choices[chosen], 0, (1 << width) - 1
    while digits:
        if abs(place - mean) >= distance:
            as_far += digits & mask
        digits >>= width
        place += 1
    return as_far / total


def _goodness(values: Sequence[float], operator: str, threshold: float) -> list[float]:
    """The readings transformed so that more is better; for = and !=, whether the condition is not met."""
    if operator in UP:
        return list(values)
    if operator in DOWN:
        return [-value for value in values]
    return [float((value != threshold) is (operator == "=")) for value in values]


def _ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, 1 the least; ties share the mean rank."""
    order = sorted(range(len(values)), key=lambda n: values[n])
    ranks, start = [0.0] * len(values), 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks
