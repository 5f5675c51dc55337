"""Whatever a reversible operation has done, taking it back leaves every row as it was."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from optimizer.models import FusionMetric
from optimizer.operations import OperationFailed
from optimizer.registries import operations
from rules.models import FusionScore, Integration, MetricSample
from smartagent.models import User
from tests.examples import examples
from tests.optimizer.step_cast import done, integration_of, metric_of, task

TABLES = (FusionMetric, FusionScore, Integration, MetricSample)
RANDOM = settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
weights = some.decimals(min_value=0, max_value=3, places=9) | some.sampled_from(["0", "0.2", "0.20", "1"])
histories = some.one_of(some.just([]), some.just([0.0] * 5), some.lists(some.floats(0, 1), max_size=8))
metrics = some.lists(some.tuples(weights, some.none() | some.floats(0, 1), histories), max_size=6)
configs = some.dictionaries(
    some.sampled_from(["sync_interval_minutes", "zone", "list", "deep"]),
    some.none() | some.integers(-5, 5000) | some.text("abc", max_size=5) | some.just({"a": [1, None]}), max_size=4,
)  # fmt: skip


def rows():
    """Every row of every table that operations write, but when it was written last."""
    found = [list(model.objects.order_by("pk").values()) for model in TABLES]
    return [[{k: v for k, v in row.items() if k != "updated_at"} for row in table] for table in found]


def fresh():
    return User.objects.create_user(f"{uuid.uuid4()}@example.com")


def there_and_back(kind, requested):
    """Do it and take it back; nothing where it could not be done, which changes nothing either."""
    before = rows()
    try:
        what = done(kind, requested)
    except OperationFailed:
        assert rows() == before
        return None
    between = rows()
    operations[kind].undo(requested, what.before, what.after)
    assert rows() == before
    return between != before


@pytest.mark.django_db
@RANDOM
@given(metrics, some.data())
def test_of_weights(now, metrics, data):
    person = fresh()
    for place, (weight, value, history) in enumerate(metrics):
        metric_of(person, f"m{place}", weight, value, history, now)
    there_and_back("reweight_fusion_metrics", task(person, now))
    step = data.draw(some.floats(-1, 1).map(lambda each: round(each, 6)))
    name = data.draw(some.sampled_from([f"m{place}" for place in range(len(metrics))] or ["m0"]))
    there_and_back("adjust_weight", task(person, now, metric=name, step=step))


@pytest.mark.django_db
@RANDOM
@given(configs, some.integers(-2, 1500))
def test_of_a_sync_interval(now, config, minutes):
    person = fresh()
    one = integration_of(person, config=config)
    there_and_back("adjust_sync_interval", task(person, now, integration=one, minutes=minutes))


@pytest.mark.django_db
@RANDOM
@given(some.sampled_from(Integration.Status.values), some.none() | some.text("xyz ", max_size=20), some.booleans())
def test_of_a_status(now, platform, status, message, well):
    person = fresh()
    path = "health" if well else "nothing"  # which answers 404
    config = {"health_url": f"{platform.address}/gmail/{path}"}
    one = integration_of(person, config=config, status=status, error_message=message)
    there_and_back("retry_connection", task(person, now, integration=one))


def test_of_what_only_looks(alice, at_gmail, now):
    assert there_and_back("validate_credentials", task(alice, now, integration=at_gmail)) is False
    assert there_and_back("analyze_slow_queries", task(alice, now)) is False


def test_something_was_changed_in_between(alice, at_gmail, now):
    metric_of(alice, "a", "0.50", 0.5, [0.5] * 3, now)
    metric_of(alice, "b", "0.500", 0.5, [0.1, 0.9, 0.1], now)
    at_gmail.status = "error"
    at_gmail.save()
    for kind, parameters in (
        ("reweight_fusion_metrics", {}), ("adjust_weight", {"metric": "a", "step": 0.1}),
        ("adjust_sync_interval", {"minutes": 7}), ("retry_connection", {}),
    ):  # fmt: skip
        assert there_and_back(kind, task(alice, now, integration=at_gmail, **parameters)), kind


def test_all_reversible_operations_are_tried_here():
    tried = {"reweight_fusion_metrics", "adjust_weight", "adjust_sync_interval", "retry_connection",
             "validate_credentials", "analyze_slow_queries"}  # fmt: skip
    assert {each.kind for each in operations if each.reversible} == tried


@pytest.mark.parametrize("kind", ["reweight_fusion_metrics", "adjust_weight"])
def test_weights_that_were_changed_since_stay(alice, now, kind):
    one = metric_of(alice, "a", "0.5", 0.5, [0.5] * 3, now)
    metric_of(alice, "b", "0.5", 0.5, [0.1, 0.9, 0.1], now)
    requested = task(alice, now, metric="a", step=0.1)
    what = done(kind, requested)
    FusionMetric.objects.filter(pk=one.pk).update(weight=1)
    with pytest.raises(OperationFailed, match="changed since"):
        operations[kind].undo(requested, what.before, what.after)
    assert FusionMetric.objects.get(pk=one.pk).weight == 1


def test_an_interval_that_was_changed_since_stays(alice, now):
    one = integration_of(alice, config={"sync_interval_minutes": 5})
    requested = task(alice, now, integration=one, minutes=10)
    what = done("adjust_sync_interval", requested)
    Integration.objects.update(config={"sync_interval_minutes": 60})
    with pytest.raises(OperationFailed, match="changed to 60 since"):
        operations["adjust_sync_interval"].undo(requested, what.before, what.after)
