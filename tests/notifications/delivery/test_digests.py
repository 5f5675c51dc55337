"""What was held until an hour or a day is full, or quiet hours are over, goes out as one message."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from pytest_httpserver import HTTPServer

from notifications.delivery.pipeline import prepare
from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery, Notification, Preference
from rules.models import ActivityEntry, AutomationRule, RuleState
from tests.notifications.outside import START, channel_of, tell

NIGHT = [{"days": [*range(7)], "from": "22:00", "until": "07:00"}]
LATE = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # midnight in Berlin
MORNING = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)


@pytest.fixture
def hook(alice, httpserver: HTTPServer):
    alice.time_zone = "Europe/Berlin"
    alice.save()
    httpserver.expect_request("/hook").respond_with_data("ok")
    return channel_of(alice, url=httpserver.url_for("/hook"))


def prefer(alice, channel, mode="now", **fields):
    modes = dict.fromkeys(("low", "medium", "high", "critical"), mode)
    Preference.objects.create(user=alice, matrix={str(channel.pk): modes}, **fields)


def sent(httpserver):
    return [json.loads(request.data)["data"] for request, _ in httpserver.log]


@pytest.mark.parametrize(
    ("mode", "fields", "at"),
    [
        ("hourly", {}, START + timedelta(hours=1)),
        ("daily", {}, datetime(2026, 3, 3, 7, 0, tzinfo=UTC)),  # eight in Berlin
        ("daily", {"digest_at": time(17, 30)}, datetime(2026, 3, 2, 16, 30, tzinfo=UTC)),
        ("daily", {"digest_at": time(6), "quiet": NIGHT}, MORNING),  # it would come in quiet hours
    ],
)
def test_when_a_digest_goes_out(alice, httpserver: HTTPServer, hook, clock, mode, fields, at):
    prefer(alice, hook, mode, **fields)
    tell(alice)
    tell(alice, START + timedelta(minutes=20))
    clock.move_to(at - timedelta(seconds=1))
    assert deliver(at - timedelta(seconds=1)) == 0
    clock.move_to(at + timedelta(seconds=1))
    assert deliver(at + timedelta(seconds=1)) == 1
    assert [one["title"] for one in sent(httpserver)] == ["2 notifications"]


def test_what_quiet_hours_held_is_one_digest_by_severity(alice, httpserver: HTTPServer, hook, clock):
    prefer(alice, hook, quiet=NIGHT)
    for severity in ("medium", "high", "low", "high"):
        tell(alice, LATE, severity=severity)
    clock.move_to(LATE)
    assert deliver(LATE) == 0
    assert set(Delivery.objects.values_list("status", "cause")) == {("held", "Quiet hours until 3 Mar 2026, 07:00.")}
    clock.move_to(MORNING + timedelta(seconds=1))
    deliver(MORNING + timedelta(seconds=1))
    (digest,) = sent(httpserver)
    assert [one["severity"] for one in digest["notifications"]] == ["high", "high", "medium", "low"]
    assert digest["severity"] == "high"
    whole = Delivery.objects.get(reason="digest")
    parts = whole.bundled.all()
    assert set(parts.values_list("status", "cause")) == {("bundled", "Quiet hours until 3 Mar 2026, 07:00.")}


def test_what_is_critical_breaks_through(alice, httpserver: HTTPServer, hook, clock):
    prefer(alice, hook, quiet=NIGHT)
    clock.move_to(LATE)
    tell(alice, LATE, severity="high")
    tell(alice, LATE, severity="critical", title="The database is gone")
    assert deliver(LATE) == 1
    assert [one["title"] for one in sent(httpserver)] == ["The database is gone"]


def test_a_single_one_goes_as_itself(alice, httpserver: HTTPServer, hook, clock):
    prefer(alice, hook, quiet=NIGHT)
    (held,) = tell(alice, LATE)
    clock.move_to(MORNING)
    deliver(MORNING)
    assert [(one["id"], one["reason"]) for one in sent(httpserver)] == [(str(held.pk), "first")]


def entry(rule, state, event, at):
    return ActivityEntry.objects.create(
        user=rule.user, rule=rule, state_id=state, event_type=event, created_at=at, action_taken="notify",
        agent_name="dispatcher", status="success", context={},
    )  # fmt: skip


@pytest.fixture
def rule(alice):
    return AutomationRule.objects.create(
        user=alice, rule_name="CPU", metric_type="cpu", condition_operator=">", threshold_value=90, action_type="alert"
    )


@pytest.fixture
def states(rule):
    return [
        RuleState.objects.create(rule=rule, user=rule.user, target=target, since=LATE).pk for target in ("a", "b", "c")
    ]


def test_what_has_resolved_meanwhile_is_left_out_and_says_so(alice, httpserver: HTTPServer, hook, clock, rule, states):
    prefer(alice, hook, quiet=NIGHT)
    for name, state in zip("abc", states, strict=True):
        fired = entry(rule, state, "rule_fired", LATE)
        tell(alice, LATE, title=name, rule_id=rule.pk, metadata={"entry": str(fired.pk), "rule": str(rule.pk)})
    entry(rule, states[0], "rule_resolved", LATE + timedelta(hours=1))
    entry(rule, states[1], "rule_resolved", LATE - timedelta(hours=1))  # of the time before
    clock.move_to(MORNING + timedelta(seconds=1))
    deliver(MORNING + timedelta(seconds=1))
    (digest,) = sent(httpserver)
    assert {one["title"] for one in digest["notifications"]} == {"b", "c"}
    left_out = Delivery.objects.get(title="a")
    assert (left_out.status, left_out.cause) == ("skipped", "The alert resolved before the notification was sent.")
    assert Notification.objects.filter(title="a").exists()


def test_nothing_is_sent_where_all_has_resolved(alice, httpserver: HTTPServer, hook, clock, rule, states):
    prefer(alice, hook, quiet=NIGHT)
    fired = entry(rule, states[0], "rule_fired", LATE)
    tell(alice, LATE, rule_id=rule.pk, metadata={"entry": str(fired.pk), "rule": str(rule.pk)})
    resolved = entry(rule, states[0], "rule_resolved", LATE + timedelta(hours=1))
    tell(alice, LATE + timedelta(hours=1), title="Resolved", reason="resolved", rule_id=rule.pk,
         metadata={"entry": str(resolved.pk), "rule": str(rule.pk)})  # fmt: skip
    clock.move_to(MORNING)
    deliver(MORNING)
    assert sent(httpserver) == []
    assert set(Delivery.objects.values_list("status", flat=True)) == {"skipped"}


def test_each_channel_has_its_own_digest(alice, httpserver: HTTPServer, hook, clock):
    channel_of(alice, name="second", url=httpserver.url_for("/hook"))
    Preference.objects.create(user=alice, quiet=NIGHT)
    for _ in range(3):
        tell(alice, LATE)
    clock.move_to(MORNING + timedelta(seconds=1))
    assert deliver(MORNING + timedelta(seconds=1)) == 2


def test_what_is_held_for_a_channel_that_is_deleted_says_so(alice, hook, clock):
    prefer(alice, hook, quiet=NIGHT)
    tell(alice, LATE)
    Channel.objects.all().delete()
    prepare(MORNING)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.cause) == ("skipped", "The channel was deleted before the notification was sent.")


def test_a_retry_does_not_come_in_quiet_hours(alice, httpserver: HTTPServer, hook, clock):
    prefer(alice, hook, quiet=NIGHT)
    before = datetime(2026, 3, 2, 20, 50, tzinfo=UTC)
    httpserver.clear()
    httpserver.expect_ordered_request("/hook").respond_with_data("", status=503, headers={"Retry-After": "1200"})
    httpserver.expect_ordered_request("/hook").respond_with_data("ok")
    clock.move_to(before)
    tell(alice, before)
    assert deliver(before) == 1
    night = before + timedelta(minutes=21)
    clock.move_to(night)
    deliver(night)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.cause, delivery.due_at) == (
        "held",
        "Quiet hours until 3 Mar 2026, 07:00.",
        MORNING,
    )
    assert len(httpserver.log) == 1
    clock.move_to(MORNING)
    deliver(MORNING)
    assert Delivery.objects.get().status == "delivered"
