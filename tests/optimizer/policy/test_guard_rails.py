"""What may be done without a person: each rail with its reason."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as some

from optimizer.policy.guardrails import STOPPED, Rails, Record, approval_refusal, refusal

RAILS = {"stopped": False, "per_day": 3, "trusted_after": 3, "trusted_rate": 0.6, "needs_another": False}
ASKED = {"strategy": "general", "irreversible": [], "record": Record(improved=6, improved_by_hand=3, worse=4),
         "today": 0, "busy": False}  # fmt: skip


@pytest.mark.parametrize(
    ("rails", "requested", "why"),
    [
        ({}, {}, ""),
        ({"stopped": True}, {}, STOPPED),
        ({}, {"irreversible": ["refresh_data", "call_engine"]},
         "Irreversible operations: refresh_data, call_engine."),
        ({}, {"record": Record(improved=9, improved_by_hand=2)},
         "general has 2 approved successes; 3 are required."),
        ({}, {"record": Record()}, "general has 0 approved successes; 3 are required."),
        ({}, {"record": Record(improved=5, improved_by_hand=5, unchanged=5)},
         "general has a success rate of 50 %; 60 % are required."),
        ({"trusted_after": 0}, {"record": Record()}, "general has a success rate of 0 %; 60 % are required."),
        ({"trusted_after": 0, "trusted_rate": 0}, {"record": Record()}, ""),
        ({}, {"today": 2}, ""),
        ({}, {"today": 3}, "3 were applied automatically for this person in the last 24 hours; the limit is reached."),
        ({"per_day": 0}, {}, "0 were applied automatically for this person in the last "
            "24 hours; the limit is reached."),
        ({}, {"busy": True}, "Another optimization is being applied to the same target."),
    ],
)  # fmt: skip
def test_each_rail_says_why(rails, requested, why):
    assert refusal(Rails(**RAILS | rails), **ASKED | requested) == why


counts = some.integers(0, 50)


@given(counts, counts, counts, some.floats(0, 1), some.integers(0, 10))
def test_nothing_is_trusted_below_its_rate(improved, unchanged, worse, rate, after):
    rails = Rails(**RAILS | {"trusted_rate": rate, "trusted_after": after})
    record = Record(improved=improved, improved_by_hand=improved, unchanged=unchanged, worse=worse)
    if not refusal(rails, **ASKED | {"record": record}):
        assert improved >= after
        assert (record.rate or 0) >= rate - 1e-9


def test_the_rate_is_of_what_could_be_measured():
    assert Record(improved=3, unchanged=1, worse=1).rate == 0.6
    assert Record().rate is None


ME, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.mark.parametrize(
    ("rails", "involved", "why"),
    [
        ({}, {"requested it": OTHER, "owns the rule": ME}, ""),
        ({}, {"requested it": ME}, "You requested this optimization, so another person must approve it."),
        ({}, {"requested it": None, "owns the rule": None}, ""),
        ({"needs_another": True}, {"owns the rule": ME},
         "The automation policy requires another person to approve: you are the one who owns the rule."),
        ({"needs_another": True}, {"owns the rule": OTHER}, ""),
        ({"stopped": True}, {}, STOPPED),
    ],
)  # fmt: skip
def test_who_may_say_yes(rails, involved, why):
    assert approval_refusal(Rails(**RAILS | rails), by=ME, involved=involved) == why
