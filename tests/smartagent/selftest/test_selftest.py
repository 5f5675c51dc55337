"""The self-test against real receivers: what it tries, what it keeps, and whom it notifies."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule
from pytest_httpserver import HTTPServer

from notifications.models import Channel, Delivery, Notification, ReliabilityGoal, SelfTestRun
from rules.evaluation import execution
from rules.evaluation.process_metrics import EVALUATIONS
from rules.models import DispatchRun, Silence
from smartagent.models import User
from smartagent.selftest import run as self_test
from smartagent.selftest import scenario
from smartagent.selftest.notice import failure_rate, level_of
from smartagent.setup.schedules import wanted
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import run_at

MINUTE = timedelta(minutes=1)
COUNTED = ("rules", "notifications", "optimizer", "smartagent")


@pytest.fixture
def pager(ada: User, httpserver: HTTPServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """A test channel of Ada's to a receiver, and a channel of another type that is none."""
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Schedule.objects.update(next_run=timezone.now() + 2 * MINUTE)
    run_at(timezone.now() - 2 * MINUTE)
    channel_of(ada, "slack", "operations", url=httpserver.url_for("/slack"))
    channel: Channel = channel_of(ada, "webhook", "Pager, of tests", url=httpserver.url_for("/hook"))
    ReliabilityGoal.objects.create(test_channels=[str(channel.pk)])
    httpserver.expect_request("/hook").respond_with_data("")
    return channel


def selftest(**options: Any) -> tuple[int, str]:
    out, code = io.StringIO(), 0
    try:
        call_command("selftest", stdout=out, **options)
    except SystemExit as stop:
        code = int(str(stop.code))
    return code, out.getvalue()


def counts() -> dict[str, int]:
    models = [model for app in COUNTED for model in apps.get_app_config(app).get_models() if model is not SelfTestRun]
    return {model.__name__: model._base_manager.count() for model in models}


def evaluations_counted() -> float:
    """What this process has counted, beside those that run other tests."""
    samples = [sample for metric in EVALUATIONS.collect() for sample in metric.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


def statuses(run: SelfTestRun) -> dict[str, str]:
    return {stage["stage"]: stage["status"] for stage in run.stages}


def test_everything_works_and_leaves_no_trace(pager: Channel, httpserver: HTTPServer) -> None:
    before, counted = counts(), evaluations_counted()
    code, text = selftest(format="json")
    assert code == 0, text
    assert json.loads(text)["ok"]
    assert (counts(), evaluations_counted()) == (before, counted)
    run = SelfTestRun.objects.get()
    assert statuses(run) == {
        "workers": "passed", "alert": "passed", "notify": "passed", "optimize": "passed",
        "delivery: Slack": "no test channel", "delivery: Webhook": "passed",
    }  # fmt: skip
    assert (run.trigger, run.passed, run.failed, run.noticed_level) == ("command", 5, 0, 0)
    assert all(each["milliseconds"] > 0 for each in run.stages if each["status"] == "passed")
    [(request, _)] = httpserver.log  # nothing went to Slack
    body = json.loads(request.get_data())
    assert "[TEST] Self-test of Smart Agent" in request.get_data(as_text=True)
    assert "/reliability/" in request.get_data(as_text=True)
    assert body
    assert Channel.objects.get(pk=pager.pk).works_since is None  # it is no delivery
    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()


def test_what_fails_is_named(
    pager: Channel, ada: User, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data("gone", status=410)
    acts = execution.act

    def without_optimizer(kind: str, firings: Any) -> Any:
        if kind == "optimize":
            raise RuntimeError("no strategy")
        return acts(kind, firings)

    monkeypatch.setattr(execution, "act", without_optimizer)
    code, text = selftest()
    assert code == 1
    run = SelfTestRun.objects.get()
    found = {stage["stage"]: stage["error"] for stage in run.stages if stage["status"] == "failed"}
    assert found["optimize"] == "RuntimeError: no strategy"
    assert found["delivery: Webhook"].startswith("Pager, of tests: ")
    assert "410" in found["delivery: Webhook"]
    assert len(found) == 2
    assert "failed           optimize" in text
    assert run.noticed_level == 2
    notification = Notification.objects.get()
    assert (notification.user, notification.severity) == (ada, "high")
    assert notification.title == "The self-test fails: 40 % of its stages in 24 hours"
    assert Channel.objects.get(pk=pager.pk).failures == 0


def test_workers_that_are_gone_and_a_silence_over_everything(pager: Channel, ada: User) -> None:
    now = timezone.now()
    Schedule.objects.update(next_run=now - 3 * 60 * MINUTE)
    Silence.objects.create(created_by=ada, starts_at=now - MINUTE, ends_at=now + 60 * MINUTE, comment="Maintenance")
    found = statuses(self_test.run_self_test("schedule"))
    assert found["workers"] == "failed"
    assert {found[name] for name in ("alert", "notify", "optimize", "delivery: Webhook")} == {"skipped"}


def test_another_evaluation_that_does_not_end(
    pager: Channel, another_dispatcher: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario, "DISPATCHER_TIMEOUT", 0)
    found = statuses(self_test.run_self_test("schedule"))
    assert {found[name] for name in ("alert", "notify", "optimize", "delivery: Webhook")} == {"skipped"}


def kept(ago: timedelta, passed: int, failed: int, level: int = 0) -> SelfTestRun:
    at = timezone.now() - ago
    return SelfTestRun.objects.create(
        trigger="schedule", started_at=at, finished_at=at, passed=passed, failed=failed, noticed_level=level
    )


@pytest.mark.parametrize(
    ("before", "failed", "level"),
    [
        ([(1, 19, 0, 0)], 1, 0),  # 1 of 24
        ([(1, 15, 2, 0)], 1, 1),  # 3 of 22
        ([(1, 15, 2, 0)], 0, 0),  # this one passed
        ([(0.5, 15, 2, 1)], 1, 0),  # noticed half an hour ago
        ([(1.1, 15, 2, 1)], 1, 1),
        ([(0.5, 1, 5, 1)], 1, 2),  # above a third: at once, also after a notice of less
        ([(0.5, 1, 5, 2)], 1, 0),
        ([(25, 1, 50, 2)], 1, 1),  # of yesterday: 1 of 5 now
    ],
)
def test_when_operators_are_notified(
    db: None, before: list[tuple[float, int, int, int]], failed: int, level: int
) -> None:
    for hours, *rest in before:
        kept(hours * 60 * MINUTE, *rest)
    now = timezone.now()
    run = SelfTestRun(started_at=now, finished_at=now, passed=4, failed=failed)
    assert level_of(run, now) == level, failure_rate(run, now)


def test_it_waits_for_the_scheduled_evaluation(pager: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now = timezone.now()
        if len(waited) == 2:  # a worker takes the task
            Schedule.objects.filter(name__endswith="dispatch").update(next_run=now + 5 * MINUTE - MINUTE / 6)
            run_at(now, finished_at=None)
        if len(waited) == 4:
            DispatchRun.objects.update(finished_at=now)

    Schedule.objects.filter(name__endswith="dispatch").update(next_run=timezone.now() + MINUTE / 12)
    monkeypatch.setattr(self_test.time, "sleep", sleep)
    assert self_test.run_scheduled() == "5 passed, 0 failed"
    assert len(waited) == 4
    assert DispatchRun.objects.count() == 2


def test_the_schedule(settings: Any) -> None:
    now = timezone.now()
    [schedule] = [each for each in wanted() if each.name == "self-test"]
    assert schedule.first_run(now) == now + 60 * MINUTE
    settings.SELFTEST_EVERY_MINUTES = 0
    assert not [each for each in wanted() if each.name == "self-test"]


def test_test_channels_are_chosen_on_the_page(
    pager: Channel, ada: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    foreign = channel_of(bob, "webhook", "Bob's", url="https://a.example/x")
    client, form = client_of(ada), {"percent": "99.5", "seconds": "60"}
    assert "Bob&#x27;s" not in client.get("/reliability/").content.decode()
    refused = client.post("/reliability/", form | {"test_channels": [str(foreign.pk)]})
    assert refused.context["form"].errors.keys() == {"test_channels"}
    answer = client.patch("/api/reliability/goal/", {"test_channels": [str(foreign.pk)]}, "application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["test_channels"])
    slack = Channel.objects.get(kind="slack")
    assert client.post("/reliability/", form | {"test_channels": [str(slack.pk)]}).status_code == 302
    assert ReliabilityGoal.current().test_channels == [str(slack.pk)]
    shown = client.get("/activity/").content.decode()
    assert "changed the reliability goal: test channels: operations" in shown
    self_test.run_self_test("command")
    shown = client.get("/reliability/").content.decode()
    assert "Delivery: Webhook" in shown
    assert client.get("/api/reliability/").json()["self_tests"][0]["stages"][0]["stage"] == "workers"
