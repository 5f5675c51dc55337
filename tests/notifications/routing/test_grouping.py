"""Many instances of a rule in one tick are one message."""

from datetime import timedelta

import pytest

from notifications.models import Delivery, Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, MetricSample
from tests.conftest import person
from tests.notifications.outside import MINUTE, START, channel_of
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db


def busy(count, now=START, value=95, first=0):
    """So many people with a high CPU."""
    for n in range(first, first + count):
        user = person(f"Person{n:03}", "members") if value == 95 and now == START else None
        user = user or MetricSample.objects.filter(series__user__full_name=f"Person{n:03}").first().series.user
        MetricSample.objects.push(user=user, metric="cpu", value=value, observed_at=now - MINUTE)


@pytest.fixture
def watched(olga):
    return rule_of(
        olga, rule_name="CPU", metric_type="cpu", condition_operator=">", threshold_value=90, applies_to="everyone",
        action_config={"notify_resolved": True},
    )  # fmt: skip


def test_a_count_and_the_first_ten(watched, olga):
    channel_of(olga, url="https://example.com/")
    busy(12)
    dispatch(START, "test")
    notification = Notification.objects.get()
    assert notification.title == "CPU (12 instances)"
    lines = notification.message.split("\n")
    assert len(lines) == 11
    assert lines[-1] == "… and 2 more."
    assert all("is 95: above 90." in line for line in lines[:-1])
    assert notification.metadata["count"] == 12
    assert len(notification.metadata["instances"]) == 10
    assert Delivery.objects.count() == 1


def test_every_entry_leads_to_the_message(watched, olga):
    busy(3)
    dispatch(START, "test")
    entries = ActivityEntry.objects.filter(event_type="rule_fired")
    assert {entry.context["outcome"]["notification"] for entry in entries} == {str(Notification.objects.get().pk)}


def test_one_instance_is_told_as_itself(watched, olga):
    busy(1)
    dispatch(START, "test")
    notification = Notification.objects.get()
    assert (notification.title, "count" in notification.metadata) == ("CPU", False)


def test_what_fires_and_what_resolves_are_not_mixed(watched, olga):
    busy(4)
    dispatch(START, "test")
    later = START + timedelta(minutes=5)
    busy(2, later, value=10)
    busy(2, later, value=95, first=2)
    busy_again = START + timedelta(minutes=5)
    dispatch(busy_again, "test")
    assert sorted(Notification.objects.values_list("title", flat=True)) == [
        "CPU (4 instances)", "Resolved: CPU (2 instances)",
    ]  # fmt: skip


def test_two_rules_are_two_messages(watched, olga):
    rule_of(
        olga, rule_name="Other", metric_type="cpu", condition_operator=">", threshold_value=90, applies_to="everyone"
    )
    busy(3)
    dispatch(START, "test")
    assert sorted(Notification.objects.values_list("title", flat=True)) == ["CPU (3 instances)", "Other (3 instances)"]
