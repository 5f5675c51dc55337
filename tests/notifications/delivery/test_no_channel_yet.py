"""A channel that is added later gets what waited for one, as long as it has not expired."""

from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer

from notifications.delivery.channel_setup import save
from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery
from tests.notifications.outside import START, channel_of, tell

HOUR = timedelta(hours=1)


@pytest.fixture
def url(httpserver: HTTPServer):
    httpserver.expect_request("/hook").respond_with_data("ok")
    return httpserver.url_for("/hook")


def add(user, url, now, **fields):
    """Add a channel as the form does; return how many messages waited for it."""
    return save(Channel(user=user, kind="webhook", name="late", **fields), {"url": url}, now)


def test_what_waited_is_sent_by_it(alice, httpserver: HTTPServer, url, clock):
    tell(alice, title="one")
    tell(alice, title="two")
    deliver(START)
    clock.move_to(START + HOUR)
    assert add(alice, url, START + HOUR) == 2
    assert deliver(START + HOUR) == 2
    assert set(Delivery.objects.values_list("status", "channel_name", "cause")) == {("delivered", "late", "")}


@pytest.mark.parametrize(("hours", "waited"), [(23.9, 1), (24, 0), (48, 0)])
def test_only_what_has_not_expired(alice, httpserver: HTTPServer, url, clock, hours, waited):
    tell(alice)
    now = START + hours * HOUR
    clock.move_to(now)
    assert add(alice, url, now) == waited
    assert deliver(now) == len(httpserver.log) == waited


def test_what_expired_says_that_there_was_no_channel(alice, clock):
    tell(alice)
    deliver(START + 24 * HOUR)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.cause) == ("skipped", "Expired without a channel.")


def test_a_second_channel_gets_nothing_again(alice, httpserver: HTTPServer, url, clock):
    tell(alice)
    assert add(alice, url, START) == 1
    assert save(Channel(user=alice, kind="webhook", name="second"), {"url": url}, START) == 0
    deliver(START)
    assert len(httpserver.log) == 1


def test_nobody_gets_what_waits_for_another(alice, bob, url, clock):
    tell(alice)
    assert add(bob, url, START) == 0


def test_one_that_is_not_in_use_gets_nothing_until_it_is(alice, url, clock):
    tell(alice)
    assert add(alice, url, START, enabled=False) == 0
    channel = Channel.objects.get()
    channel.enabled = True
    assert save(channel, {"url": url}, START) == 1


def test_saving_a_broken_channel_closes_its_breaker(alice, httpserver: HTTPServer, url, clock):
    channel = channel_of(alice, url="http://127.0.0.1:9/")
    tell(alice)
    Channel.objects.update(failures=5, opened_at=START, retry_at=START + HOUR)
    assert deliver(START) == 0
    channel.refresh_from_db()
    save(channel, {"url": url}, START)
    assert deliver(START) == 1
    assert len(httpserver.log) == 1
