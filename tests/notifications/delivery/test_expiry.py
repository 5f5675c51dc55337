"""What cannot be sent any more is given up, and says why."""

from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer

from notifications.delivery.outcome import Result, record
from notifications.delivery.pipeline import prepare, take
from notifications.delivery.worker import Worker, deliver
from notifications.models import Channel, Delivery, Notification
from tests.notifications.outside import MINUTE, START, channel_of, tell

DAY = timedelta(days=1)


@pytest.fixture
def hook(alice, httpserver: HTTPServer):
    httpserver.expect_request("/hook").respond_with_data("ok")
    return channel_of(alice, url=httpserver.url_for("/hook"))


def only():
    delivery = Delivery.objects.get()
    return delivery.status, delivery.cause


def test_after_a_day_it_is_not_sent_any_more(alice, httpserver: HTTPServer, hook, clock):
    tell(alice)
    clock.move_to(START + DAY)
    assert deliver(START + DAY) == 0
    assert only() == ("dead", "It expired before it could be sent.")
    assert httpserver.log == []


def test_a_worker_that_was_away_for_days_does_not_send_what_has_expired(alice, httpserver: HTTPServer, hook, clock):
    tell(alice)
    clock.move_to(START + 2 * DAY)
    assert take(START + 2 * DAY, 10, MINUTE) == []
    worker = Worker()
    worker.stopped.wait = lambda timeout: worker.stopped.set()
    worker.run()
    assert only()[0] == "dead"


def test_the_last_error_is_still_told(alice, hook, clock):
    tell(alice)
    Delivery.objects.update(cause="Answered 503.")
    prepare(START + DAY)
    assert only() == ("dead", "It expired before it could be sent. Answered 503.")


def test_a_channel_that_is_deleted_takes_what_is_due_with_it(alice, hook, clock):
    tell(alice)
    hook.delete()
    assert deliver(START) == 0
    assert only() == ("skipped", "The channel was deleted before the notification was sent.")


def test_a_channel_that_is_deleted_while_a_message_is_sent(alice, hook, clock):
    tell(alice)
    tell(alice)
    first, second = take(START, 10, MINUTE)
    hook.delete()
    results = [Result(lease=first, channel=hook.pk), Result(lease=second, channel=hook.pk, error="Answered 500.")]
    record(results, START)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered", "due"}
    deliver(START)
    assert set(Delivery.objects.values_list("status", "cause")) == {
        ("delivered", ""), ("skipped", "The channel was deleted before the notification was sent."),
    }  # fmt: skip


def test_a_channel_that_is_switched_off_and_on_again(alice, httpserver: HTTPServer, hook, clock):
    tell(alice)
    Channel.objects.update(enabled=False)
    assert deliver(START) == 0
    Channel.objects.update(enabled=True)
    assert deliver(START) == 1


def test_a_channel_that_is_switched_off_while_a_worker_dies(alice, httpserver: HTTPServer, hook, clock):
    tell(alice)
    take(START, 10, MINUTE)
    Channel.objects.update(enabled=False)
    clock.move_to(START + 2 * MINUTE)
    assert deliver(START + 2 * MINUTE) == 0
    assert only()[0] == "due"
    assert httpserver.log == []


def test_nobody_who_is_deactivated_gets_messages(alice, httpserver: HTTPServer, hook, clock):
    tell(alice)
    alice.is_active = False
    alice.save()
    deliver(START)
    assert only() == ("skipped", "The owner of the channel, Alice, is deactivated.")
    assert httpserver.log == []
    hook.refresh_from_db()
    assert not hook.is_open
    assert Notification.objects.count() == 1


def test_the_notification_is_deleted(alice, httpserver: HTTPServer, hook, clock):
    tell(alice)
    Notification.objects.all().delete()
    deliver(START)
    assert only() == ("skipped", "The notification was deleted before it was sent.")
    assert httpserver.log == []


def test_one_that_cannot_be_written_does_not_keep_the_others(alice, httpserver: HTTPServer, hook, clock, monkeypatch):
    from notifications.delivery import rendering

    really = rendering.links_of

    def links_of(delivery, facts):
        if delivery.title == "odd":
            raise ZeroDivisionError
        return really(delivery, facts)

    monkeypatch.setattr(rendering, "links_of", links_of)
    tell(alice, title="odd")
    tell(alice)
    deliver(START)
    assert set(Delivery.objects.values_list("status", "cause")) == {
        ("dead", "ZeroDivisionError while rendering the message."), ("delivered", ""),
    }  # fmt: skip
