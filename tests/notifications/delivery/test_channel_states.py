"""Untested, works, failing: three states of a channel, by what really happened last."""

import pytest
from pytest_httpserver import HTTPServer

from notifications.channels.credentials import values_of
from notifications.channels.status import STATUS_QUERIES, state_of
from notifications.delivery.breaker_notices import reset
from notifications.delivery.channel_setup import save, try_out
from notifications.models import Channel
from smartagent.doctor.delivery import check_channels
from tests.notifications.outside import MINUTE, START, channel_of


@pytest.fixture
def hook(alice, httpserver: HTTPServer):
    httpserver.expect_request("/good").respond_with_data("taken")
    httpserver.expect_request("/bad").respond_with_data("no", status=500)
    return channel_of(alice, url=httpserver.url_for("/good"))


def state(channel):
    channel.refresh_from_db()
    found = state_of(channel)
    assert [name for name in STATUS_QUERIES if Channel.objects.filter(STATUS_QUERIES[name], pk=channel.pk)] == [found]
    return found


def to(channel, httpserver, place):
    save(channel, values_of(channel) | {"url": httpserver.url_for(place)}, START)


def test_a_channel_is_untested_until_something_was_delivered_by_it(hook):
    assert state(hook) == "untested"
    assert [(each.severity, each.problem) for each in check_channels()] == [
        ("info", "1 channel is untested: “webhook” of Alice.")
    ]
    try_out(hook, "Alice", START)
    assert state(hook) == "works"
    first = hook.works_since
    assert first
    assert list(check_channels()) == []
    try_out(hook, "Alice", START + MINUTE)
    assert (state(hook), hook.works_since) == ("works", first)


def test_one_failure_is_failing_and_one_success_works_again(hook, httpserver):
    try_out(hook, "Alice", START)
    Channel.objects.filter(pk=hook.pk).update(config={"url": httpserver.url_for("/bad")})
    hook.refresh_from_db()
    try_out(hook, "Alice", START)
    assert (state(hook), hook.is_open) == ("failing", False)
    assert "1 channel is failing" in next(iter(check_channels())).problem
    Channel.objects.filter(pk=hook.pk).update(config={"url": httpserver.url_for("/good")})
    hook.refresh_from_db()
    try_out(hook, "Alice", START + MINUTE)
    assert state(hook) == "works"


def test_changed_settings_are_untested_and_a_changed_name_is_not(hook, httpserver):
    try_out(hook, "Alice", START)
    hook.refresh_from_db()
    hook.name = "night"
    save(hook, values_of(hook), START)
    assert state(hook) == "works"
    to(hook, httpserver, "/bad")
    assert state(hook) == "untested"
    try_out(hook, "Alice", START)
    assert state(hook) == "failing"
    hook.name = "day"
    save(hook, values_of(hook), START)
    assert state(hook) == "untested"  # its breaker is closed, and nothing was delivered since


def test_a_breaker_that_was_closed_by_hand_leaves_it_untested(hook):
    Channel.objects.filter(pk=hook.pk).update(works_since=START, failures=5, opened_at=START, retry_at=START)
    assert state(hook) == "failing"
    reset(hook)
    assert state(hook) == "untested"


def test_disabled_stands_beside_them(hook):
    Channel.objects.filter(pk=hook.pk).update(works_since=START, failures=2, enabled=False)
    assert state(hook) == "disabled"
