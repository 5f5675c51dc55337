"""adjust_weight moves one weight by a step, never beyond a limit, and never further than the step."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from optimizer.models import FusionMetric
from optimizer.operations import OperationFailed
from optimizer.operations.adjust_weight import stepped
from rules.models import FusionScore
from tests.optimizer.step_cast import done, metric_of, task

numbers = some.decimals(min_value=-2, max_value=3, places=4)


@given(numbers, numbers, numbers, numbers)
def test_it_moves_by_a_step_at_most_and_the_way_of_the_step(old, step, least, maximum):
    new = stepped(old, step, least, maximum)
    assert abs(new - old) <= abs(step)
    assert (new - old) * step >= 0
    if new != old:
        assert new <= maximum if step > 0 else new >= least


@pytest.mark.parametrize(
    ("old", "step", "limits", "new"),
    [
        ("0.2", 0.05, {}, "0.25"),
        ("0.2", -0.05, {}, "0.15"),
        ("0.2", 0.05, {"highest": 0.22}, "0.22"),
        ("0.2", -0.15, {"lowest": 0.1}, "0.1"),
        ("0.2", -0.5, {}, "0.01"),
        ("0.98", 0.05, {}, "1"),
        ("0.9", -0.1, {"highest": 0.5}, "0.8"),  # above its limit, it comes nearer by a step
    ],
)
def test_its_new_weight_and_the_score_that_follows(alice, now, old, step, limits, new):
    row = metric_of(alice, "mail", old, 0.8)
    metric_of(alice, "chat", "0.2", 0.4)
    what = done("adjust_weight", task(alice, now, metric="mail", step=step, **limits))
    row.refresh_from_db()
    assert row.weight == Decimal(new)
    expected = 100 * (Decimal(new) * Decimal("0.8") + Decimal("0.08")) / (Decimal(new) + Decimal("0.2"))
    assert FusionScore.objects.get().fusion_score == expected.quantize(Decimal("0.0001"))
    assert what.result.startswith("The fusion score is ")


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"metric": "nothing", "step": 0.1}, "Unknown fusion metric “nothing”. Available: mail."),
        ({"metric": "mail", "step": "much"}, "“step” must be a number, for example 0.05."),
        ({"metric": "mail"}, "“step” must be a number, for example 0.05."),
        ({"metric": "mail", "step": 0.1, "highest": 0.2}, "The weight of mail is 0.2, already at its limit."),
        ({"metric": "mail", "step": 0.1, "highest": 0.1}, "The weight of mail is 0.2, already at its limit."),
        ({"metric": "mail", "step": 0}, "The weight of mail is 0.2, already at its limit."),
        ({"metric": "mail", "step": "NaN"}, "“step” must be a number, for example 0.05."),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(alice, now, parameters, why):
    metric_of(alice, "mail", "0.2", 0.8)
    with pytest.raises(OperationFailed) as failure:
        done("adjust_weight", task(alice, now, **parameters))
    assert str(failure.value) == why
    assert FusionMetric.objects.get().weight == Decimal("0.2")
    assert not FusionScore.objects.exists()


@pytest.mark.parametrize("kind", ["adjust_weight", "reweight_fusion_metrics"])
def test_without_a_metric_that_has_a_value_there_is_nothing_to_weigh(alice, bob, now, kind):
    metric_of(alice, "mail", "0.2", None)
    metric_of(bob, "mail", "0.2", 0.5)
    with pytest.raises(OperationFailed, match="No fusion metric has a value"):
        done(kind, task(alice, now, metric="mail", step=0.1))
