"""The way of a message out of the house, against real receivers on loopback."""

import json
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer

from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery, DeliveryAttempt, Notification
from tests.notifications.outside import MINUTE, START, channel_of, tell
from tests.receivers import raw_server

pytestmark = pytest.mark.django_db(transaction=True)


def only():
    return Delivery.objects.get()


def test_a_message_arrives_and_all_of_it_is_written_down(alice, httpserver: HTTPServer, clock):
    httpserver.expect_request("/hook").respond_with_data("thanks")
    channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    assert deliver(START) == 1
    request = httpserver.log[0][0]
    body = json.loads(request.data)
    assert (body["type"], body["data"]["title"], body["data"]["severity"]) == (
        "notification.first", "CPU is high", "high")  # fmt: skip
    delivery = only()
    assert request.headers["webhook-id"] == str(delivery.pk)
    assert (delivery.status, delivery.attempt_count, delivery.settled_at, delivery.cause) == ("delivered", 1, START, "")
    attempt = delivery.attempts.get()
    assert (attempt.number, attempt.outcome, attempt.code, attempt.excerpt) == (1, "delivered", 200, "thanks")
    assert attempt.started_at == attempt.finished_at == START
    assert attempt.milliseconds >= 0
    assert deliver(START) == 0


def test_the_inbox_has_it_whether_it_leaves_or_not(alice):
    tell(alice)
    assert Notification.objects.get().title == "CPU is high"
    assert (only().status, only().cause) == ("waiting", "No channel yet.")


@pytest.mark.parametrize("code", [500, 502, 503, 408, 429])
def test_what_may_pass_is_tried_again_and_then_arrives(alice, httpserver: HTTPServer, clock, code):
    httpserver.expect_ordered_request("/hook").respond_with_data("busy", status=code)
    httpserver.expect_ordered_request("/hook").respond_with_data("ok")
    channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    deliver(START)
    assert (only().status, only().cause) == ("due", f"Answered {code}.")
    assert timedelta(seconds=27) <= only().due_at - START <= timedelta(seconds=33)
    clock.move_to(START + timedelta(seconds=20))
    assert deliver(START + timedelta(seconds=20)) == 0
    clock.move_to(START + MINUTE)
    assert deliver(START + MINUTE) == 1
    assert only().status == "delivered"
    assert [*only().attempts.values_list("number", "outcome", "code")] == [(1, "failed", code), (2, "delivered", 200)]
    ids = {request.headers["webhook-id"] for request, _ in httpserver.log}
    assert ids == {str(only().pk)}


@pytest.mark.parametrize("code", [301, 302, 307, 308, 400, 401, 403, 404, 410])
def test_what_is_refused_is_dead_and_the_channel_is_marked(alice, httpserver: HTTPServer, clock, code):
    httpserver.expect_request("/hook").respond_with_data("no", status=code, headers={"Location": "/elsewhere"})
    httpserver.expect_request("/elsewhere").respond_with_data("here")
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    deliver(START)
    assert only_of(channel).status == "dead"
    assert only_of(channel).cause.startswith(f"Answered {code}.")
    channel.refresh_from_db()
    assert channel.is_open
    assert [request.path for request, _ in httpserver.log] == ["/hook"]
    notification = Notification.objects.get(type="error")
    assert (notification.title, str(code) in notification.message) == ("Channel “webhook” (Webhook) is failing", True)


def only_of(channel):
    return Delivery.objects.get(channel=channel)


@pytest.mark.parametrize(
    ("message", "least", "maximum"), [("120", 120, 120), ("1", 27, 33), ("99999999", 43_200, 43_200)]
)
def test_retry_after_is_kept(alice, httpserver: HTTPServer, clock, message, least, maximum):
    httpserver.expect_request("/hook").respond_with_data("", status=429, headers={"Retry-After": message})
    channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    deliver(START)
    assert least <= (only().due_at - START).total_seconds() <= maximum


def test_what_fails_to_the_end_is_a_dead_letter_and_can_be_sent_again(alice, httpserver: HTTPServer, clock, settings):
    httpserver.expect_request("/hook").respond_with_data("broken", status=500)
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    waits, now = [], START
    for _ in range(40):
        Channel.objects.update(failures=0, opened_at=None, retry_at=None)  # the breaker has tests of its own
        if deliver(now):
            delivery = only_of(channel)
            waits.append(round((delivery.due_at - now).total_seconds() / 30) if delivery.due_at else None)
            now = delivery.due_at or now
            clock.move_to(now)
    assert [wait and max(wait, 1) for wait in waits] == [
        pytest.approx(n, rel=0.11) for n in (1, 4, 20, 60, 240, 720)
    ] + [None]
    assert only_of(channel).status == "dead"
    assert Delivery.objects.dead().resend(now) == 1
    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data("ok")
    Channel.objects.update(failures=0, opened_at=None, retry_at=None)
    deliver(now)
    assert only_of(channel).status == "delivered"


def test_nobody_listens(alice, clock):
    with raw_server(lambda connection: None) as address:
        pass
    channel_of(alice, url=address)
    tell(alice)
    deliver(START)
    assert only().status == "due"
    assert "could not be reached" in only().cause


def test_private_addresses_are_refused_for_good(alice, httpserver: HTTPServer, clock, settings):
    settings.OUTBOUND_ALLOWED = []
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    deliver(START)
    assert only_of(channel).status == "dead"
    assert "private network" in only_of(channel).cause
    assert httpserver.log == []


def test_an_answer_that_is_cut_off_is_no_receipt(alice, clock):
    def cut(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf")

    with raw_server(cut) as address:
        channel_of(alice, url=address)
        tell(alice)
        deliver(START)
    assert only().status == "due"


def test_a_channel_added_later_gets_what_waited_for_one(alice, httpserver: HTTPServer, clock):
    httpserver.expect_request("/hook").respond_with_data("ok")
    tell(alice)
    tell(alice, START - timedelta(hours=30), title="of yesterday")
    deliver(START)
    assert Delivery.objects.get(title="of yesterday").status == "skipped"
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    assert Delivery.objects.filter(user=alice).give_to(channel.pk, channel.name, channel.kind, START) == 1
    deliver(START)
    assert [*Delivery.objects.filter(status="delivered").values_list("title", flat=True)] == ["CPU is high"]


def test_what_was_taken_by_a_worker_that_died_is_sent_again_with_the_same_id(alice, httpserver: HTTPServer, clock):
    httpserver.expect_request("/hook").respond_with_data("ok")
    channel_of(alice, url=httpserver.url_for("/hook"))
    (delivery,) = tell(alice)
    from notifications.delivery.pipeline import take

    assert len(take(START, 10, MINUTE)) == 1
    assert deliver(START + MINUTE / 2) == 0
    clock.move_to(START + MINUTE)
    assert deliver(START + MINUTE) == 1
    assert httpserver.log[0][0].headers["webhook-id"] == str(delivery.pk)
    first, second = only().attempts.all()
    assert (first.outcome, "may have arrived" in first.error, second.outcome) == ("failed", True, "delivered")
    assert only().attempt_count == 2


def test_a_result_that_comes_after_its_lease_ran_out_undoes_nothing(alice, httpserver: HTTPServer, clock):
    from notifications.delivery.outcome import Result, record
    from notifications.delivery.pipeline import take

    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    (slow,) = take(START, 10, MINUTE)
    (quick,) = take(START + MINUTE, 10, MINUTE)
    record([Result(lease=quick, channel=channel.pk)], START + MINUTE)
    record([Result(lease=slow, channel=channel.pk, error="too late", permanent=True)], START + 2 * MINUTE)
    assert only().status == "delivered"
    assert [*DeliveryAttempt.objects.values_list("outcome", flat=True)] == ["refused", "delivered"]


def test_nothing_goes_by_a_channel_that_is_not_in_use(alice, httpserver: HTTPServer, clock):
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice)
    Channel.objects.filter(pk=channel.pk).update(enabled=False)
    assert deliver(START) == 0
    assert httpserver.log == []
    clock.move_to(START + timedelta(days=2))
    deliver(START + timedelta(days=2))
    assert (only().status, only().cause) == ("dead", "Expired: the channel was disabled.")


def test_a_channel_that_breaks_itself_loses_nothing(alice, clock, monkeypatch):
    from notifications.registries import channels

    def crash(message, address):
        raise RuntimeError(f"secret {address['url']}")

    monkeypatch.setattr(channels["webhook"], "send", crash)
    channel_of(alice, url="https://example.com/token-of-mine")
    tell(alice)
    deliver(START)
    assert (only().status, only().cause) == ("due", "RuntimeError in the channel webhook.")


def test_secrets_that_cannot_be_read_are_told(alice, clock, settings):
    channel = channel_of(alice, "slack", url="https://hooks.slack.com/services/T/B/secret")
    tell(alice)
    settings.SECRET_KEY = "another"
    deliver(START)
    assert only_of(channel).status == "dead"
    assert "another SECRET_KEY" in only_of(channel).cause


def test_a_key_that_was_used_before_can_still_be_read(alice, settings):
    from notifications.channels.credentials import values_of

    channel = channel_of(alice, "slack", url="https://hooks.slack.com/services/T/B/secret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert values_of(channel)["url"] == "https://hooks.slack.com/services/T/B/secret"
    assert "secret" not in channel.sealed
    assert channel.config == {}
