"""Whether an optimization helped: a verdict from the readings before and after, and how sure that is."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from optimizer.significance import EXACT, _ranks, compare, mann_whitney
from tests.effort import effort

numbers = some.lists(some.floats(-1e6, 1e6), min_size=1, max_size=40)
enough = some.lists(some.integers(-50, 50).map(float), min_size=4, max_size=40)


@given(numbers, numbers)
def test_p_is_a_probability_and_alike_from_both_sides(left, right):
    p = mann_whitney(left, right)
    assert 0 <= p <= 1
    assert p == pytest.approx(mann_whitney(right, left))


@given(numbers)
def test_a_sample_does_not_differ_from_itself(values):
    assert mann_whitney(values, values) == pytest.approx(1)


@given(enough, enough)
def test_only_the_order_counts(left, right):
    def stretched(values):
        return [value**3 + 7 * value for value in values]

    assert mann_whitney(left, right) == pytest.approx(mann_whitney(stretched(left), stretched(right)))


@pytest.mark.parametrize(
    ("left", "right", "p"),
    [  # exact, from tables of the U distribution; the fourth is the example of scipy.stats.mannwhitneyu
        ([1, 2, 3], [4, 5, 6], 2 / 20),
        ([1, 2, 3, 4], [5, 6, 7, 8], 2 / 70),
        ([1, 2, 3], [4, 5, 6, 7, 8], 2 / 56),
        ([19, 22, 16, 29, 24], [20, 11, 17, 12], 0.1111111),
        ([1, 2, 3, 5], [4, 6, 7, 8], 4 / 70),
        ([1, 1, 1], [2, 2, 2], 2 / 20),
        ([1, 2, 2], [2, 3, 3], 6 / 20),
        ([5, 5, 5, 5], [5, 5, 5], 1.0),
        ([1, 2], [1, 2], 1.0),
    ],
)
def test_p_is_what_others_say(left, right, p):
    assert mann_whitney(left, right) == pytest.approx(p, abs=1e-4)


few = some.lists(some.integers(0, 5).map(float), min_size=1, max_size=6)


@given(few, few)
def test_of_few_readings_p_is_the_share_of_all_ways_to_deal_them(left, right):
    ranks = _ranks([*left, *right])
    mean = len(left) * (len(ranks) + 1) / 2
    found = abs(sum(ranks[: len(left)]) - mean)
    ways = list(combinations(ranks, len(left)))
    assert mann_whitney(left, right) == pytest.approx(sum(abs(sum(way) - mean) >= found for way in ways) / len(ways))


def test_at_the_limit_of_exactness_the_approximation_is_close():
    left, right = [float(n) for n in range(22)], [n + 6.5 for n in range(22)]
    near = mann_whitney([*left, 21.2], [*right, 27.7])
    assert 22 * 44 <= EXACT < 23 * 46
    assert mann_whitney(left, right) == pytest.approx(near, abs=0.01)


@pytest.mark.parametrize("operator", ["<", ">"])
def test_three_against_three_is_never_worse(operator):
    for before, after in (([80.0, 81, 82], [10.0, 11, 12]), ([10.0, 11, 12], [80.0, 81, 82])):
        assert compare(before, after, operator, 70).verdict == "too_little"


def test_a_year_of_readings_takes_no_time():
    year, other = [float(n % 91) for n in range(2000)], [float(n % 97) for n in range(2000)]
    assert effort(lambda: mann_whitney(year, other)) < 100
    assert effort(lambda: mann_whitney([1.0, 2, 3, 4], other[:246])) < 100


@given(enough, enough)
def test_turned_around_better_is_worse(before, after):
    there, back = compare(before, after, "<", 70), compare(after, before, "<", 70)
    turned = {"improved": "worse", "worse": "improved", "unchanged": "unchanged"}
    assert back.verdict == turned[there.verdict]
    assert back.difference == pytest.approx(-there.difference)
    assert compare(before, after, ">", 70).verdict == turned[there.verdict]


LOW, HIGH = [10.0, 11, 12, 10], [80.0, 82, 81, 80]


@pytest.mark.parametrize(
    ("before", "after", "operator", "threshold", "verdict"),
    [
        (LOW, HIGH, "<", 70, "improved"),
        (LOW, HIGH, "<=", 70, "improved"),
        (LOW, HIGH, ">", 70, "worse"),
        (HIGH, LOW, ">=", 70, "improved"),
        (LOW, LOW, "<", 70, "unchanged"),
        ([5.0] * 5, [5.0] * 5, "<", 70, "unchanged"),
        ([7.0] * 5, [8.0] * 5, "=", 7, "improved"),
        ([7.0] * 5, [8.0] * 5, "!=", 7, "worse"),
        ([8.0] * 5, [9.0] * 5, "=", 7, "unchanged"),
        (LOW[:2], HIGH, "<", 70, "too_little"),
        (LOW, HIGH[:2], "<", 70, "too_little"),
        ([], [], "<", 70, "too_little"),
        (LOW[:3], HIGH[:3], "<", 70, "too_little"),
        (LOW[:3], [*HIGH, 83], "<", 70, "improved"),
        (LOW[:2], HIGH * 40, "<", 70, "too_little"),
        ([1.0, 2, 3, 5], [4.0, 6, 7, 8], ">", 70, "unchanged"),
    ],
)
def test_the_verdict(before, after, operator, threshold, verdict):
    assert compare(before, after, operator, threshold).verdict == verdict


def test_it_has_its_numbers():
    effect = compare([10, 20, 30, 40], [70, 80, 90, 100], "<", 70)
    assert (effect.before, effect.after, effect.difference) == (25, 85, 60)
    assert effect.p == pytest.approx(2 / 70, abs=1e-5)
    assert compare([10], [], "<", 70).before == 10
