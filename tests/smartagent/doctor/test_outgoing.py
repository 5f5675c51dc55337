"""Dead letters, channels that are broken, and a worker that sends."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.models import Channel, Delivery
from smartagent.doctor import delivery, installation
from smartagent.models import User
from tests.notifications.outside import channel_of
from tests.smartagent.doctor.conftest import problems
from tests.smartagent.doctor.test_clockwork import found_problems


@pytest.fixture
def channel(alice: User) -> Channel:
    return channel_of(alice, "slack", name="ops", url="https://hooks.slack.com/services/T/B/x")


def create_delivery(channel: Channel, now: datetime, **fields: Any) -> Delivery:
    return Delivery.objects.create(
        user=channel.user, channel=channel, title="CPU", expires_at=now + timedelta(days=1), **fields
    )


def test_dead_letters_of_the_last_day(channel: Channel, now: datetime) -> None:
    assert found_problems(delivery.check_dead_deliveries(now)) == []
    for hours, cause in ((2, "Answered 500."), (1, "Answered 404."), (30, "Long ago")):
        create_delivery(channel, now, status="dead", cause=cause, settled_at=now - timedelta(hours=hours))
    assert found_problems(delivery.check_dead_deliveries(now)) == [
        ("warning", "2 notifications failed permanently in the last day; the newest: Answered 404.")
    ]


def test_channels_that_fail_and_that_are_untested(channel: Channel, now: datetime) -> None:
    assert found_problems(delivery.check_channels()) == [("info", "1 channel is untested: “ops” of Alice.")]
    Channel.objects.update(works_since=now)
    assert found_problems(delivery.check_channels()) == []
    Channel.objects.update(opened_at=now)
    assert found_problems(delivery.check_channels()) == [("warning", "1 channel is failing: “ops” of Alice.")]
    for n in range(4):
        Channel.objects.create(user=channel.user, kind="email", name=f"m{n}", opened_at=now + timedelta(minutes=n + 1))
    assert found_problems(delivery.check_channels()) == [
        ("warning", "5 channels are failing: “ops” of Alice, “m0” of Alice, “m1” of Alice and 2 more.")
    ]
    Channel.objects.update(enabled=False)
    assert found_problems(delivery.check_channels()) == []


@pytest.mark.parametrize(
    ("fields", "minutes", "problem"),
    [
        ({"status": "due"}, 4, None),
        ({"status": "due"}, 6, "1 notification is due, the oldest for 6m: no worker is sending."),
        ({"status": "sending"}, 4, None),
        ({"status": "sending"}, 70, "1 notification is due, the oldest for 1h 10m: no worker is sending."),
        ({"status": "held"}, 70, None),
        ({"status": "delivered"}, 70, None),
    ],
)
def test_nobody_sends(
    channel: Channel, now: datetime, fields: dict[str, Any], minutes: int, problem: str | None
) -> None:
    since = now - timedelta(minutes=minutes)
    create_delivery(channel, now, due_at=since, leased_until=since, **fields)
    assert found_problems(delivery.check_sending(now)) == ([("error", problem)] if problem else [])


@pytest.mark.parametrize("state", [{"opened_at": datetime(2026, 3, 2).astimezone()}, {"enabled": False}])
def test_what_waits_for_a_channel_is_no_fault_of_a_worker(
    channel: Channel, now: datetime, state: dict[str, Any]
) -> None:
    create_delivery(channel, now, status="due", due_at=now - timedelta(hours=1))
    Channel.objects.update(**state)
    assert found_problems(delivery.check_sending(now)) == []


def test_secrets_of_another_key(channel: Channel, settings: Any) -> None:
    assert found_problems(installation.check_secrets()) == []
    settings.SECRET_KEY = "another " * 10
    assert found_problems(installation.check_secrets()) == [("error", "The secrets of 1 channel cannot be decrypted.")]


def test_the_doctor_says_it(channel: Channel, now: datetime) -> None:
    create_delivery(channel, now, status="due", due_at=now - timedelta(hours=1))
    assert [each for each in problems("error") if "no worker is sending" in each]
