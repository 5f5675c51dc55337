"""What a broken channel keeps goes by the next one of the person."""

import json
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer

from notifications.delivery.pipeline import prepare
from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery, Preference
from tests.notifications.outside import MINUTE, START, channel_of, tell

LONG = START + 30 * MINUTE
ONLY_FIRST = dict.fromkeys(("low", "medium", "high", "critical"), "off")


@pytest.fixture
def three(alice, httpserver: HTTPServer):
    """Channels in this order; all of them work, and the preferences let messages go by the first only."""
    found = []
    for place, name in enumerate(("first", "second", "third")):
        httpserver.expect_request(f"/{name}").respond_with_data("ok")
        found.append(channel_of(alice, name=name, position=place, url=httpserver.url_for(f"/{name}")))
    return found


def open_breaker(*names, until=LONG):
    Channel.objects.filter(name__in=names).update(failures=5, opened_at=START, retry_at=until, cause="No.")


def only_by(channel, alice):
    """Post a message by this channel only, as a rule does that names it."""
    return tell(alice, channels=[channel.pk], only_named=True)[0]


def paths(httpserver):
    return [request.path for request, _ in httpserver.log]


def test_the_next_one_in_order_gets_it_once(alice, httpserver: HTTPServer, three, clock):
    open_breaker("first")
    original = only_by(three[0], alice)
    deliver(START)
    deliver(START)
    assert paths(httpserver) == ["/second"]
    original.refresh_from_db()
    assert (original.status, original.handed_over) == ("skipped", True)
    assert original.cause == "The channel is broken, so it goes by “second” instead."
    other = Delivery.objects.get(channel=three[1])
    assert (other.status, other.notification, other.created_at) == ("delivered", original.notification, START)


def test_it_does_not_come_again_when_the_channel_works_again(alice, httpserver: HTTPServer, three, clock):
    open_breaker("first")
    only_by(three[0], alice)
    deliver(START)
    Channel.objects.update(failures=0, opened_at=None, retry_at=None)
    clock.move_to(LONG)
    deliver(LONG)
    assert paths(httpserver) == ["/second"]


def test_what_was_refused_for_good_is_handed_over_too(alice, httpserver: HTTPServer, three, clock):
    httpserver.clear()
    httpserver.expect_request("/first").respond_with_data("gone", status=410)
    httpserver.expect_request("/second").respond_with_data("ok")
    original = only_by(three[0], alice)
    deliver(START)
    deliver(START)
    assert [path for path in paths(httpserver) if path != "/third"].count("/second") == 2  # it, and that it is broken
    original.refresh_from_db()
    assert (original.status, original.cause) == (
        "dead", "Answered 410. The channel is broken, so it goes by “second” instead.",
    )  # fmt: skip


def test_one_that_is_broken_too_is_passed_over(alice, httpserver: HTTPServer, three, clock):
    open_breaker("first", "second")
    only_by(three[0], alice)
    deliver(START)
    assert paths(httpserver) == ["/third"]


def test_it_is_handed_on_where_the_next_one_breaks_as_well(alice, httpserver: HTTPServer, three, clock):
    open_breaker("first")
    only_by(three[0], alice)
    prepare(START)
    open_breaker("second")
    deliver(START)
    assert paths(httpserver) == ["/third"]
    assert Delivery.objects.count() == 3


def test_one_that_is_not_in_use_is_passed_over(alice, httpserver: HTTPServer, three, clock):
    open_breaker("first")
    Channel.objects.filter(name="second").update(enabled=False)
    only_by(three[0], alice)
    deliver(START)
    assert paths(httpserver) == ["/third"]


def test_a_message_that_went_by_the_other_anyway_is_not_sent_twice(alice, httpserver: HTTPServer, three, clock):
    open_breaker("first")
    tell(alice)
    deliver(START)
    assert sorted(paths(httpserver)) == ["/second", "/third"]
    waits = Delivery.objects.get(channel=three[0])
    assert (waits.status, waits.handed_over) == ("due", False)


def test_a_channel_that_its_person_does_not_want_it_by_is_passed_over(alice, httpserver: HTTPServer, three, clock):
    Preference.objects.create(user=alice, matrix={str(three[1].pk): ONLY_FIRST, str(three[2].pk): ONLY_FIRST})
    open_breaker("first")
    tell(alice)
    deliver(START)
    assert paths(httpserver) == []
    assert Delivery.objects.get(channel=three[0]).status == "due"


def test_without_another_it_waits_until_the_channel_works(alice, httpserver: HTTPServer, clock):
    httpserver.expect_request("/only").respond_with_data("ok")
    channel = channel_of(alice, name="only", url=httpserver.url_for("/only"))
    open_breaker("only")
    for _ in range(3):
        tell(alice)
    assert deliver(START) == 0
    clock.move_to(LONG)
    assert deliver(LONG) == 3
    assert set(Delivery.objects.filter(channel=channel).values_list("status", flat=True)) == {"delivered"}


def test_another_persons_channel_is_not_used(alice, bob, httpserver: HTTPServer, clock):
    httpserver.expect_request("/hook").respond_with_data("ok")
    channel_of(alice, name="first", url=httpserver.url_for("/hook"))
    channel_of(bob, name="of bob", url=httpserver.url_for("/hook"))
    open_breaker("first")
    tell(alice)
    assert deliver(START) == 0


def test_the_messages_of_a_digest_move_along(alice, httpserver: HTTPServer, three, clock):
    night = [{"days": [*range(7)], "from": "09:00", "until": "11:00"}]
    Preference.objects.create(
        user=alice, quiet=night, matrix={str(three[1].pk): ONLY_FIRST, str(three[2].pk): ONLY_FIRST}
    )
    for number in range(3):
        tell(alice, title=f"Message {number}")
    later = START + timedelta(hours=1)
    open_breaker("first", until=later + 30 * MINUTE)
    clock.move_to(later)
    deliver(later)
    ((request, _),) = httpserver.log
    body = json.loads(request.data)["data"]
    assert (request.path, body["title"]) == ("/second", "3 notifications")
    assert {one["title"] for one in body["notifications"]} == {"Message 0", "Message 1", "Message 2"}
    whole = Delivery.objects.get(reason="digest", status="delivered")
    assert whole.bundled.count() == 3


def test_what_is_handed_over_does_not_come_in_quiet_hours(alice, httpserver: HTTPServer, three, clock):
    only_by(three[0], alice)
    open_breaker("first", until=START + 90 * MINUTE)
    Preference.objects.create(user=alice, quiet=[{"days": [0], "from": "10:30", "until": "11:00"}])
    clock.move_to(START + 40 * MINUTE)
    assert deliver(START + 40 * MINUTE) == 0
    clock.move_to(START + 60 * MINUTE)
    assert deliver(START + 60 * MINUTE) == 1
    assert paths(httpserver) == ["/second"]
