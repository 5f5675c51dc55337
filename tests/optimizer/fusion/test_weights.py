"""Weights stay positive, make one whole, and move by a fifth at most, whatever the history."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from optimizer.fusion.weights import MAX_SHARE_CHANGE, fusion_score, reweighted, shares

names = some.sampled_from("abcdefghij")
weights = some.decimals(min_value="-2", max_value="100", places=6)
values = some.floats(0, 1)
histories = some.one_of(
    some.just([]), some.just([0.0] * 10), some.lists(some.just(0.5), min_size=1, max_size=9), some.lists(values)
)
metrics = some.dictionaries(names, weights, min_size=1, max_size=10)
whole = some.tuples(metrics, some.dictionaries(names, histories))


@given(whole)
def test_new_weights_are_positive_and_make_one_whole(given):
    old, known = given
    new = reweighted(old, known)
    assert new.keys() == old.keys()
    assert all(weight > 0 for weight in new.values())
    assert abs(sum(new.values()) - 1) < Decimal("1e-6")


@given(whole)
def test_each_share_moves_by_a_fifth_at_most(given):
    old, known = given
    before, after = shares(old), reweighted(old, known)
    for name, weight in after.items():
        assert (
            before[name] * (1 - MAX_SHARE_CHANGE) - 1e-8
            <= float(weight)
            <= before[name] * (1 + MAX_SHARE_CHANGE) + 1e-8
        )


@given(whole)
def test_the_same_history_gives_the_same_weights(given):
    assert reweighted(*given) == reweighted(*given)


@given(metrics)
def test_without_a_history_the_steady_proportions_are_aimed_at(old):
    """Each varies as the others do: what was large loses, what was small gains, none passes the others."""
    before, after = shares(old), reweighted(old, {})
    ordered = sorted(before, key=lambda name: before[name])
    assert all(after[one] <= after[next_one] + Decimal("1e-8") for one, next_one in pairwise(ordered))


def test_what_is_steady_gains_and_what_varies_loses():
    old = {"steady": Decimal("0.5"), "lively": Decimal("0.5")}
    new = reweighted(old, {"steady": [0.5, 0.5, 0.5], "lively": [0.1, 0.9, 0.1]})
    assert new == {"steady": Decimal("0.6"), "lively": Decimal("0.4")}


def test_again_and_again_it_comes_to_rest():
    new = {"steady": Decimal("0.9"), "lively": Decimal("0.1")}
    known = {"steady": [0.5, 0.52, 0.48, 0.5], "lively": [0.5, 0.56, 0.44, 0.5]}
    for _ in range(60):
        new = reweighted(new, known)
    assert reweighted(new, known) == new
    assert new["steady"] / new["lively"] == pytest.approx(Decimal("9"), rel=Decimal("1e-5"))


@pytest.mark.parametrize("old", [{}, {"a": Decimal(0), "b": Decimal(0)}, {"a": Decimal(-1)}])
def test_no_weight_at_all_is_equal_parts(old):
    assert shares(old) == dict.fromkeys(old, 1 / len(old) if old else 1)
    assert sum(reweighted(old, {}).values(), Decimal(0)) == (1 if old else 0)


@pytest.mark.parametrize(
    ("weights", "values", "score"),
    [
        ({"a": 1, "b": 3}, {"a": "0.5", "b": "0.9"}, "80.0000"),
        ({"a": 1, "b": 3}, {"a": "0.5", "b": None}, "50.0000"),
        ({"a": 1}, {}, None),
        ({"a": 0}, {"a": "0.5"}, None),
        ({}, {}, None),
    ],
)
def test_the_score_is_of_what_is_known(weights, values, score):
    found = fusion_score(
        {name: Decimal(weight) for name, weight in weights.items()},
        {name: value and Decimal(value) for name, value in values.items()},
    )
    assert found == (score and Decimal(score))


@given(some.dictionaries(names, some.decimals(min_value="0.001", max_value="10", places=4), min_size=1), some.data())
def test_the_score_is_between_its_parts(weights, data):
    parts = {name: data.draw(some.decimals(min_value=0, max_value=1, places=4)) for name in weights}
    score = fusion_score(weights, parts)
    assert 100 * min(parts.values()) - Decimal("0.0001") <= score <= 100 * max(parts.values()) + Decimal("0.0001")
