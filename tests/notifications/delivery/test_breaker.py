"""A channel that fails is left alone, tried now and then, and used again when it works."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from notifications.delivery.channel_setup import try_out
from notifications.delivery.circuit_breaker import (
    NETWORK_WAIT,
    TOLERATED_PROBES,
    Breaker,
    failed,
    not_reached,
    succeeded,
    wait_after,
)
from notifications.delivery.outcome import Result, record
from notifications.delivery.pipeline import take
from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery, Notification
from tests.notifications.outside import MINUTE, START, channel_of, tell

AT = datetime(2026, 3, 2, tzinfo=UTC)


def after(outcomes, now=AT):
    """The breaker after these outcomes: f failed, p refused for good, s succeeded."""
    breaker = Breaker()
    for outcome in outcomes:
        breaker = succeeded(breaker) if outcome == "s" else failed(breaker, now, "No.", permanent=outcome == "p")
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "failures", "is_open"),
    [
        ("", 0, False),
        ("ffff", 4, False),
        ("fffff", 5, True),
        ("ffffsffff", 4, False),  # five in a row, not five in all
        ("p", 5, True),
        ("fp", 5, True),
        ("fffffs", 0, False),
        ("ps", 0, False),
    ],
)
def test_when_it_opens(outcomes, failures, is_open):
    breaker = after(outcomes)
    assert (breaker.failures, breaker.is_open) == (failures, is_open)


def test_it_is_tried_after_15_seconds_and_then_half_as_long_as_it_has_been_open():
    breaker, now, waits = after("fffff"), AT, []
    for _ in range(6):
        waits.append((breaker.retry_at - now).total_seconds())
        now = breaker.retry_at
        breaker = failed(breaker, now, "Still no.", permanent=False)
    assert waits == [15, 15, 15, 22.5, 33.75, 50.625]
    assert (breaker.opened_at, breaker.cause) == (AT, "Still no.")
    assert wait_after(timedelta(days=9)) == timedelta(hours=1)


@pytest.mark.parametrize("opening", ["p", "ffp"])
def test_a_refusal_is_tried_again_after_5_minutes(opening):
    breaker = after(opening)
    assert breaker.retry_at == AT + 5 * MINUTE
    assert failed(breaker, AT + 5 * MINUTE, "No.", permanent=True).retry_at == AT + 10 * MINUTE


def test_a_network_that_is_down_opens_it_only_when_that_lasts():
    breaker = not_reached(after("ffff"), AT, "No network.", probe=False)
    for _ in range(50):
        breaker = not_reached(breaker, AT, "No network.", probe=False)  # begun before it was known
    assert breaker == Breaker(1, None, AT + NETWORK_WAIT, "No network.")
    assert breaker.waits_for_network
    assert succeeded(breaker) == Breaker()
    assert failed(breaker, AT, "No.", permanent=False) == Breaker(1)  # now it is known that it is the channel
    now = AT
    for _ in range(TOLERATED_PROBES - 1):
        assert not breaker.is_open
        now = breaker.retry_at
        breaker = not_reached(breaker, now, "No network.", probe=True)
    assert (breaker.opened_at, breaker.retry_at) == (AT + 290 * MINUTE / 60, now + NETWORK_WAIT)
    later = now + 60 * MINUTE
    assert not_reached(breaker, later, "No network.", probe=True).retry_at == later + NETWORK_WAIT


@pytest.mark.parametrize(("requested", "minutes"), [(0.1, 0.25), (7, 7), (90, 90), (10**6, 720)])
def test_what_the_other_side_asks_for_is_waited(requested, minutes):
    breaker = failed(Breaker(failures=4), AT, "Later.", permanent=False, requested=requested * MINUTE)
    assert breaker.retry_at - AT == minutes * MINUTE


def test_what_had_begun_before_it_opened_is_no_try():
    breaker = after("fffff")
    assert failed(breaker, AT + MINUTE, "Slow.", permanent=False, begun=AT - MINUTE) == breaker
    assert failed(breaker, AT + MINUTE, "No.", permanent=False, begun=AT + MINUTE).failures == 6


@pytest.fixture
def broken(httpserver: HTTPServer):
    """What the receiver answers to all; a test changes it."""
    answers = {"code": 500}
    httpserver.expect_request("/hook").respond_with_handler(lambda request: Response(status=answers["code"]))
    return answers


def test_while_it_is_open_nothing_is_sent_but_one_try(alice, httpserver: HTTPServer, broken, clock):
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    for _ in range(8):
        tell(alice)
    deliver(START)
    channel.refresh_from_db()
    assert (channel.is_open, channel.retry_at, channel.cause) == (True, START + MINUTE / 4, "Answered 500.")
    assert (channel.failures, len(httpserver.log)) == (5, 8)  # sixteen are sent at a time
    for minutes, sent in (
        (0.2, 0),
        (0.25, 1),
        (0.4, 0),
        (0.5, 1),
        (4, 1),
        (5.9, 0),
        (6, 1),
        (120, 1),
        (179, 0),
        (180, 1),
    ):
        clock.move_to(START + minutes * MINUTE)
        tell(alice, START + minutes * MINUTE)
        assert (minutes, deliver(START + minutes * MINUTE)) == (minutes, sent)


def test_one_that_is_taken_closes_it_and_all_that_waited_are_sent(alice, httpserver: HTTPServer, broken, clock):
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    for _ in range(6):
        tell(alice)
    deliver(START)
    broken["code"] = 200
    now = START + MINUTE
    clock.move_to(now)
    assert deliver(now) == 6
    channel.refresh_from_db()
    assert (channel.is_open, channel.failures, channel.cause) == (False, 0, "")
    assert set(Delivery.objects.filter(channel=channel).values_list("status", flat=True)) == {"delivered"}


def test_workers_side_by_side_try_it_once(alice, httpserver: HTTPServer, clock):
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    Channel.objects.update(failures=5, opened_at=START - 10 * MINUTE, retry_at=START)
    for _ in range(3):
        tell(alice)
    assert [len(take(START, 10, MINUTE)) for _ in range(3)] == [1, 0, 0]
    channel.refresh_from_db()
    assert channel.retry_at == START + MINUTE


def test_channels_that_have_nothing_to_send_do_not_keep_others_from_being_tried(alice, httpserver, clock):
    for number in range(5):
        channel_of(alice, name=f"idle {number}", url=httpserver.url_for("/hook"))
    Channel.objects.update(failures=5, opened_at=START - 20 * MINUTE, retry_at=START - 9 * MINUTE)
    channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    Delivery.objects.exclude(channel__name="webhook").delete()
    Channel.objects.filter(name="webhook").update(failures=5, opened_at=START - 9 * MINUTE, retry_at=START)
    assert len(take(START, 2, MINUTE)) == 1


def test_what_a_dead_worker_held_is_not_sent_while_it_is_open(alice, httpserver: HTTPServer, clock):
    channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    take(START, 10, MINUTE)
    Channel.objects.update(failures=5, opened_at=START, retry_at=START + 5 * MINUTE)
    clock.move_to(START + 2 * MINUTE)
    assert deliver(START + 2 * MINUTE) == 0
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.leased_until) == ("due", None)
    assert delivery.attempts.get().outcome == "failed"


def test_messages_wait_for_the_network_and_no_attempt_counts(alice, httpserver: HTTPServer, broken, clock):
    broken["code"] = 200
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    channel_of(alice, name="second", url=httpserver.url_for("/hook"), position=1)
    for _ in range(6):
        tell(alice)
    Delivery.objects.exclude(channel=channel).delete()
    record([down(lease, channel) for lease in take(START, 6, MINUTE)], START)
    channel.refresh_from_db()
    assert (channel.is_open, channel.failures, channel.cause) == (False, 1, "No network.")
    assert set(Delivery.objects.values_list("status", "attempt_count", "due_at")) == {("due", 0, START + MINUTE / 6)}
    now = START
    for probe in range(2, 11):  # more than a message has attempts
        now += MINUTE / 6
        (lease,) = take(now, 6, MINUTE)
        assert take(now, 6, MINUTE) == []
        record([down(lease, channel)], now)
        channel.refresh_from_db()
        assert (channel.is_open, channel.failures) == (False, probe)
    assert not Notification.objects.filter(type="error").exists()
    now += MINUTE / 6
    clock.move_to(now)
    assert deliver(now) == 6
    assert set(Delivery.objects.values_list("channel", "status")) == {(channel.pk, "delivered")}
    channel.refresh_from_db()
    assert (channel.failures, channel.retry_at) == (0, None)


def down(lease, channel):
    """The result of an attempt that found no network."""
    return Result(lease=lease, channel=channel.pk, error="No network.", network_down=True)


def test_what_is_not_due_is_no_probe(alice, httpserver: HTTPServer, clock):
    """Its attempts would be used up while the receiver is down."""
    channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    Delivery.objects.update(due_at=START + 10 * MINUTE)
    Channel.objects.update(failures=5, opened_at=START - MINUTE, retry_at=START)
    assert take(START, 1, MINUTE) == []
    assert len(take(START + 10 * MINUTE, 1, MINUTE)) == 1


def test_many_that_fail_at_once_open_it_once(alice, httpserver: HTTPServer, clock):
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    for _ in range(16):
        tell(alice)
    leases = take(START, 16, MINUTE)
    now = START + MINUTE / 6
    record([Result(lease=one, channel=channel.pk, error="Timed out.") for one in leases[:10]], now)
    record([Result(lease=one, channel=channel.pk, error="Timed out.") for one in leases[10:]], now + MINUTE / 6)
    channel.refresh_from_db()
    assert (channel.opened_at, channel.retry_at) == (now, now + MINUTE / 4)
    assert Notification.objects.filter(type="error").count() == 1


def test_the_owner_is_told_once_when_it_breaks_and_once_when_it_works(alice, httpserver: HTTPServer, broken, clock):
    httpserver.expect_request("/other").respond_with_data("ok")
    channel_of(alice, name="first", url=httpserver.url_for("/hook"))
    channel_of(alice, name="second", url=httpserver.url_for("/other"), position=1)
    Channel.objects.filter(name="second").update(created_at=START)
    for _ in range(9):
        tell(alice)
    deliver(START)
    for minutes in (5, 15):
        clock.move_to(START + minutes * MINUTE)
        deliver(START + minutes * MINUTE)
    notification = Notification.objects.get(type="error")
    assert notification.title == "Channel “first” (Webhook) is failing"
    assert notification.message.startswith("Answered 500.\n")
    assert [*notification.deliveries.values_list("channel_name", "status")] == [("second", "delivered")]
    assert not Notification.objects.filter(type="success").exists()
    broken["code"] = 200
    clock.move_to(START + 40 * MINUTE)
    tell(alice, START + 40 * MINUTE)
    deliver(START + 40 * MINUTE)
    assert Notification.objects.get(type="success").title == "Channel “first” (Webhook) is working again"
    assert Notification.objects.filter(type="error").count() == 1


def test_it_is_in_the_inbox_of_who_has_no_other_channel(alice, httpserver: HTTPServer, broken, clock):
    broken["code"] = 410
    channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    deliver(START)
    notification = Notification.objects.get(type="error")
    assert (notification.user, notification.deliveries.count()) == (alice, 0)


def test_a_test_message_goes_out_all_the_same_and_closes_it(alice, httpserver: HTTPServer, broken, clock):
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    Channel.objects.update(failures=5, opened_at=START, retry_at=START + 60 * MINUTE)
    broken["code"] = 200
    assert try_out(channel, "Alice", START + MINUTE).outcome == "delivered"
    channel.refresh_from_db()
    assert not channel.is_open


@pytest.mark.parametrize("message", ["NUL \x00 in it", "half a letter \ud83d"])
def test_what_a_server_says_cannot_keep_a_worker_from_writing_it_down(alice, httpserver: HTTPServer, clock, message):
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    (leased,) = take(START, 1, MINUTE)
    record([Result(lease=leased, channel=channel.pk, error=message, excerpt=message, permanent=True)], START)
    assert Delivery.objects.get(channel=channel).status == "dead"
    channel.refresh_from_db()
    assert channel.is_open
