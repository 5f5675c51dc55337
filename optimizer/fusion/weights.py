"""New weights of fusion metrics from the variance of each: pure.

Inverse-variance weighting (https://en.wikipedia.org/wiki/Inverse-variance_weighting): steadier metrics get more weight.
Weights are shares of 1; each share changes by at most a fifth of its old value.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import pvariance

MAX_SHARE_CHANGE = 0.2  # by which part a share may change at a time
LEAST_VARIANCE = 1e-4  # what never moved is not infinitely sure: values are between 0 and 1
MIN_VALUES = 3  # values, to say how much something varies
DIGITS = Decimal("0.000000001")


def shares(weights: Mapping[str, Decimal]) -> dict[str, float]:
    """The weights as shares of 1; equal shares where no weight is above 0."""
    positive = {name: max(float(weight), 0.0) for name, weight in weights.items()}
    whole = sum(positive.values())
    if not whole:
        return dict.fromkeys(positive, 1 / len(positive)) if positive else {}
    least = whole * 1e-6
    lifted = {name: max(weight, least) for name, weight in positive.items()}
    return {name: weight / sum(lifted.values()) for name, weight in lifted.items()}


def reweighted(weights: Mapping[str, Decimal], histories: Mapping[str, Sequence[float]]) -> dict[str, Decimal]:
    """The new share of each, proportional to its inverse variance, within a fifth of its old share; they sum to 1.

    A metric with fewer than three values gets the average variance of the others.
    """
    old = shares(weights)
    if not old:
        return {}
    wanted = _inverse_variances(old, histories)
    new = _within(old, wanted)
    return {name: Decimal(str(share)).quantize(DIGITS) for name, share in new.items()}


def _inverse_variances(old: Mapping[str, float], histories: Mapping[str, Sequence[float]]) -> dict[str, float]:
    known = {
        name: 1 / max(pvariance(values), LEAST_VARIANCE)
        for name in old if len(values := histories.get(name, ())) >= MIN_VALUES
    }  # fmt: skip
    usual = sum(known.values()) / len(known) if known else 1.0
    return {name: known.get(name, usual) for name in old}


def _within(old: Mapping[str, float], wanted: Mapping[str, float]) -> dict[str, float]:
    """The wanted shares, each within its bounds, scaled to sum to 1: by bisection, for the sum grows with the scale."""

    def at(scale: float) -> dict[str, float]:
        return {
            name: min(max(scale * wanted[name], share * (1 - MAX_SHARE_CHANGE)), share * (1 + MAX_SHARE_CHANGE))
            for name, share in old.items()
        }

    low, high = 0.0, max(share * (1 + MAX_SHARE_CHANGE) / wanted[name] for name, share in old.items())
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle).values()) < 1 else (low, middle)
    return at(high)


def fusion_score(weights: Mapping[str, Decimal], values: Mapping[str, Decimal | None]) -> Decimal | None:
    """100 x sum(weight x value) / sum(weight) over known values, 0 to 1; None where none is known."""
    known = {name: value for name in weights if (value := values.get(name)) is not None}
    whole = sum((weights[name] for name in known), Decimal(0))
    if whole <= 0:
        return None
    return (100 * sum((weights[name] * value for name, value in known.items()), Decimal(0)) / whole).quantize(
        Decimal("0.0001")
    )
