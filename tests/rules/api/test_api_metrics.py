"""The catalogue of metrics and current readings, by REST."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rules.metrics.fusion_score import FusionScoreSource
from rules.models import AutomationRule, FusionScore, MetricSample
from tests.api import Program


class BrokenSource(FusionScoreSource):
    def readings(self, now):
        raise ConnectionError("the score table is on fire")


def push(user, metric, value=1.0, **fields):
    at = fields.pop("observed_at", timezone.now())
    return MetricSample.objects.push(user=user, metric=metric, value=value, observed_at=at, **fields)


def test_the_catalogue_has_the_built_in_and_the_pushed_metrics(alice, bob, olga):
    for _ in range(3):
        push(alice, "cpu"), push(alice, "mem"), push(bob, "disk"), push(None, "weather"), push(alice, "fusion_score")
    metrics = {metric["kind"]: metric for metric in Program(alice).get("metrics/")["results"]}
    assert list(metrics)[-3:] == ["cpu", "mem", "weather"]
    assert metrics["fusion_score"] == {
        "kind": "fusion_score", "label": "Fusion score", "unit": "", "lowest": 0, "highest": 100, "max_age": "1w",
        "built_in": True,
        "source": "",
        "help": "Latest score of the integration; without an integration, the latest overall score of the person, "
        "or else the mean of the latest scores of the integrations.",
    }  # fmt: skip
    assert (metrics["cpu"]["built_in"], metrics["cpu"]["max_age"]) == (False, "1d")
    assert [metric["kind"] for metric in Program(olga).get("metrics/")["results"]][-4:] == [
        "cpu",
        "disk",
        "mem",
        "weather",
    ]


def test_the_current_reading(alice):
    push(alice, "cpu", 20, observed_at=timezone.now() - timedelta(minutes=5))
    newest = push(alice, "cpu", 71.5)
    push(alice, "cpu", 9, target="db")
    reading = Program(alice).get("metrics/cpu/reading/")
    observed_at = newest.observed_at.isoformat().replace("+00:00", "Z")
    assert reading == {
        "metric": "cpu", "user": str(alice.pk), "target": "", "status": "ok", "value": 71.5,
        "observed_at": observed_at, "cause": "",
    }  # fmt: skip
    assert Program(alice).get("metrics/cpu/reading/?target=db")["value"] == 9
    assert not AutomationRule.objects.exists()


def test_no_data_is_not_zero_and_a_failure_has_its_cause(alice, settings):
    assert Program(alice).get("metrics/never_seen/reading/")["status"] == "no_data"
    assert Program(alice).get("metrics/fusion_score/reading/")["value"] is None
    assert Program(alice).get("metrics/anomaly_count/reading/")["value"] == 0
    settings.RULES_METRICS = [f"{__name__}.BrokenSource"]
    failed = Program(alice).get("metrics/fusion_score/reading/")
    assert (failed["status"], failed["cause"]) == ("failed", "ConnectionError: the score table is on fire")


def test_the_reading_of_somebody_else_is_for_those_who_see_everyone(alice, bob, audra):
    FusionScore.objects.create(user=alice, fusion_score=63)
    for name in (alice.email, str(alice.pk)):
        assert Program(audra).get(f"metrics/fusion_score/reading/?user={name}")["value"] == 63
        error = Program(bob).get(f"metrics/fusion_score/reading/?user={name}", status=400)
        assert error == {"user": ["The person does not exist, or you cannot access their readings."]}
    assert Program(alice).get(f"metrics/fusion_score/reading/?user={alice.email}")["value"] == 63


@pytest.mark.parametrize(("address", "status", "message"), [
    ("metrics/9cpu/reading/", 404, "Not a metric name."),
    ("metrics/a%00b/reading/", 404, "Not a metric name."),
    ("metrics/cpu/reading/?target=%00", 400, "printable characters"),
    ("metrics/cpu/reading/?whose=bob", 400, "Unknown parameter. Valid parameters: target, user."),
    ("metrics/?page_size=3", 400, "Unknown parameter. Valid parameters: none."),
])  # fmt: skip
def test_what_cannot_be_read(alice, address, status, message):
    error = Program(alice).get(address, status=status)
    assert message in next(iter(error.values()))[0]
