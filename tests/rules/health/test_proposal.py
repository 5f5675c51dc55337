"""A better threshold from judged readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.engine.conditions import met
from rules.health.better_threshold import Refusal, ThresholdProposal, propose


def judged(useful, noise):
    return [(value, True) for value in useful] + [(value, False) for value in noise]


@pytest.mark.parametrize(("operator", "present", "useful", "noise", "critical", "proposed", "dropped"), [
    (">", 25, [40, 50, 60], [26, 27, 31.5], None, 32, 3),
    (">", 25, [31.8, 50], [26, 27, 31.5], None, 31.5, 3),  # no whole number lies between
    (">", 25, [31.51, 50], [26, 31.5], None, 31.5, 2),  # what is equal to the threshold does not fire
    (">=", 25, [31.6, 50], [26, 31.5], None, 31.6, 2),  # and here it does
    (">=", 25, [32, 50], [26, 30], None, 31, 2),
    (">=", 25, [31, 50], [26, 30], None, 31, 2),
    (">", 25, [40], [26, 39, 41, 99], None, 39, 2),  # what is worse than a useful one stays
    ("<", 70, [50, 30], [69, 60, 55], None, 55, 3),
    ("<=", 70, [50, 30], [69, 60, 55], None, 54, 3),
    ("<=", 70, [50, 30], [50.5], None, 50, 1),
    ("<=", 70, [50.25, 30], [50.5], None, 50.4, 1),
    ("<", -5, [-20], [-6, -10], None, -10, 2),
    (">", 0, [0.004], [0.001, 0.002], None, 0.002, 2),
    (">", 0.5, [3], [0.7], None, 0.7, 1),  # as many digits as it has now
    (">", 25, [60], [30, 55], 50, 30, 1),  # it stays on the milder side of the critical one
    ("<", 70, [10], [60, 15], 20, 60, 1),
    (">", 25, [40, 20], [30], None, 30, 1),  # what it would not fire at any more does not count
])  # fmt: skip
def test_proposed(operator, present, useful, noise, critical, proposed, dropped):
    found = propose(operator, present, judged(useful, noise), critical)
    assert isinstance(found, ThresholdProposal), found
    assert (found.threshold, found.dropped) == (proposed, dropped)


@pytest.mark.parametrize(("operator", "present", "useful", "noise", "critical", "reason"), [
    ("=", 1, [1], [1], None, "no threshold to adjust"),
    ("!=", 1, [2], [3], None, "no threshold to adjust"),
    (">", 25, [], [], None, "No rated alerts"),
    (">", 25, [30], [], None, "marked as noise"),
    (">", 25, [], [30], None, "marked as useful"),
    (">", 25, [26, 50], [26, 40], None, "alert was at 26, the mildest noise at 26"),
    ("<", 70, [69], [60, 50], None, "alert was at 69, the mildest noise at 60"),
    (">", 25, [60], [51, 55], 50, "past the critical"),
    (">=", 25, [60], [50], 50, "past the critical"),
    (">=", 0, [1e-15], [1e-16], None, "too close to separate"),
    (">", 25, [float("nan")], [float("inf")], None, "No rated alerts"),
])  # fmt: skip
def test_refused_with_the_reason(operator, present, useful, noise, critical, reason):
    found = propose(operator, present, judged(useful, noise), critical)
    assert isinstance(found, Refusal), found
    assert reason in found.reason


def test_in_words():
    assert str(ThresholdProposal(25, 31.5, 3, 9, 9)) == "Raise the threshold from 25 to 31.5"
    assert str(ThresholdProposal(70, 55, 3, 9, 9)) == "Lower the threshold from 70 to 55"


numbers = some.floats(-1000, 1000, allow_nan=False).map(lambda value: round(value, 4))
readings = some.lists(some.tuples(numbers, some.booleans()), max_size=30)
operators = some.sampled_from([">", ">=", "<", "<="])


@given(operators, numbers, readings, some.none() | numbers)
def test_it_keeps_what_is_useful_and_none_drops_more(operator, present, judged_, critical):
    firing = [(value, useful) for value, useful in judged_ if met(value, operator, present)]
    if critical is not None and not met(critical, operator, present):
        critical = None
    found = propose(operator, present, judged_, critical)

    def effect(threshold):
        """How many useful and how much noise is left."""
        still = [useful for value, useful in firing if met(value, operator, threshold)]
        return still.count(True), still.count(False)

    def milder(threshold):
        return critical is None or (threshold < critical if operator in (">", ">=") else threshold > critical)

    useful, noise = effect(present)
    others = [value + nudge for value, _ in firing for nudge in (0, 1e-5, -1e-5)]
    best = min((effect(other)[1] for other in others if effect(other)[0] == useful and milder(other)), default=noise)
    if isinstance(found, Refusal):
        assert not useful or best >= noise
    else:
        assert effect(found.threshold) == (useful, noise - found.dropped)
        assert found.dropped > 0
        assert noise - found.dropped <= best
        assert milder(found.threshold)
        assert abs(found.threshold - present) > 0


@given(some.sampled_from([(">", "<"), (">=", "<=")]), numbers, readings)
def test_below_is_above_from_the_other_end(operators, present, judged_):
    up, down = operators
    one = propose(up, present, judged_)
    other = propose(down, -present, [(-value, useful) for value, useful in judged_])
    assert isinstance(one, ThresholdProposal) == isinstance(other, ThresholdProposal)
    if isinstance(one, ThresholdProposal) and isinstance(other, ThresholdProposal):
        assert one.threshold == -other.threshold
