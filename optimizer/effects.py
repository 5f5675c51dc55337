"""Whether a remedy helped: the readings before it beside those after it. Pure.

The Mann-Whitney U test with the normal approximation and the correction for ties
(https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test): it asks nothing of how readings are spread.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean

ENOUGH = 3  # readings on each side
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


def compare(before: Sequence[float], after: Sequence[float], operator: str, threshold: float) -> Effect:
    """The effect on a metric of which a rule says that it is bad when it is `operator` `threshold`."""
    means = [fmean(values) if values else None for values in (before, after)]
    if min(len(before), len(after)) < ENOUGH:
        return Effect(verdict="too_little", before=means[0], after=means[1])
    old, new = [_goodness(values, operator, threshold) for values in (before, after)]
    p = mann_whitney(old, new)
    better = fmean(new) - fmean(old)
    verdict = "unchanged" if p >= SURE or not better else "improved" if better > 0 else "worse"
    return Effect(
        verdict=verdict, before=means[0], after=means[1], difference=fmean(after) - fmean(before), p=round(p, 6)
    )


def mann_whitney(left: Sequence[float], right: Sequence[float]) -> float:
    """How likely two samples of one kind differ at least as much, 0 to 1, to either side."""
    n, m = len(left), len(right)
    ranks = _ranks([*left, *right])
    u = sum(ranks[:n]) - n * (n + 1) / 2
    size = n + m
    ties = sum(count**3 - count for count in Counter([*left, *right]).values())
    variance = n * m / 12 * ((size + 1) - ties / (size * (size - 1)))
    if variance <= 0:
        return 1.0  # all readings are the same
    return min(2 * NormalDist().cdf(-abs(u - n * m / 2) / sqrt(variance)), 1.0)


def _goodness(values: Sequence[float], operator: str, threshold: float) -> list[float]:
    """The readings so that more is better; where neither more nor less is, whether the rule would be content."""
    if operator in UP:
        return list(values)
    if operator in DOWN:
        return [-value for value in values]
    return [float((value != threshold) is (operator == "=")) for value in values]


def _ranks(values: Sequence[float]) -> list[float]:
    """The place of each in order, 1 the least; equals share the mean of their places."""
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
