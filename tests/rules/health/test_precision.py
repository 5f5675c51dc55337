"""How often what a rule tells is useful, and how sure that is."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as some

from rules.health.feedback_counts import precision_of
from rules.health.precision import Precision, upper_sql, wilson
from rules.models.audit import entries_may_change


# The figures of a table of score intervals at 95 %, rounded to three digits.
@pytest.mark.parametrize(("hits", "total", "low", "high"), [
    (0, 0, 0, 1),
    (0, 5, 0, 0.434),
    (5, 5, 0.566, 1),
    (1, 10, 0.018, 0.404),
    (5, 10, 0.237, 0.763),
    (81, 263, 0.255, 0.366),  # Newcombe 1998, method 3
    (15, 148, 0.062, 0.161),  # the same
])  # fmt: skip
def test_the_interval_of_wilson(hits, total, low, high):
    assert wilson(hits, total) == pytest.approx((low, high), abs=0.0006)


counts = some.integers(0, 2000)


@given(counts, counts)
def test_the_share_lies_in_its_interval(useful, noise):
    precision = Precision(useful, noise)
    low, high = precision.interval
    assert 0 <= low <= high <= 1
    if precision.share is not None:
        assert low - 1e-9 <= precision.share <= high + 1e-9


@pytest.mark.parametrize(("useful", "noise", "poor"), [
    (0, 4, False),  # too few to say
    (0, 5, True),
    (1, 5, False),  # at most 0.56
    (1, 9, True),
    (3, 9, False),
    (3, 10, False),
    (3, 12, True),
    (12, 3, False),
])  # fmt: skip
def test_what_is_poor(useful, noise, poor):
    assert Precision(useful, noise).is_poor is poor


@pytest.mark.parametrize(("useful", "noise"), [(0, 1), (0, 5), (3, 12), (7, 7), (900, 100)])
def test_sql_says_the_same(db, useful, noise):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {upper_sql('%(hits)s', '%(total)s')}", {"hits": useful, "total": useful + noise})
        assert cursor.fetchone()[0] == pytest.approx(Precision(useful, noise).interval[1])


def test_in_words():
    assert str(Precision()) == "No feedback yet."
    assert str(Precision(3, 9)) == ("3 of 12 rated alerts were useful: 25 % (95 % confidence interval: 9 to 53 %).")


@pytest.mark.django_db
def test_a_reading_or_threshold_that_64_bits_cannot_hold_leaves_the_feedback_of_all_others(old_rule, judged, now):
    odd, other = old_rule(), old_rule()
    judged(odd, [(5.0, True)])
    judged(other, [(5.0, True)])
    with entries_may_change("test"), connection.cursor() as cursor:
        cursor.execute(
            """UPDATE agent_activity_log SET context = jsonb_set(context, '{value}', '1e400')
                WHERE id IN (SELECT entry_id FROM rule_feedback WHERE rule_id = %s)""",
            [odd.pk],
        )
        cursor.execute("UPDATE automation_rules SET threshold_value = '1e400' WHERE id = %s", [odd.pk])
    assert precision_of([odd.pk, other.pk], now)[other.pk].useful == 1
