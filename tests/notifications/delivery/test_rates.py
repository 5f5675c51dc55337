"""Six a minute to one channel, then one bundle; what is critical is not bundled away."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from notifications.delivery.rate_limit import DueDelivery, share, tokens_at
from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery
from tests.notifications.outside import START, channel_of, tell

SECOND = timedelta(seconds=1)
AT = datetime(2026, 3, 2, tzinfo=UTC)
severities = st.sampled_from(["low", "medium", "high", "critical"])


def due(severity="medium", reason="first", attempt_count=0):
    return DueDelivery(uuid4(), uuid4(), severity, reason, attempt_count)


@pytest.mark.parametrize(
    ("tokens", "seconds", "there"),
    [(None, 0, 6), (0, 0, 0), (0, 10, 1), (0, 25, 2.5), (5, 60, 6), (-6, 60, 0), (3, -100, 3)],
)
def test_a_bucket_fills_evenly_up_to_a_minute(tokens, seconds, there):
    assert tokens_at(AT + seconds * SECOND, tokens, AT, 6) == there


@pytest.mark.parametrize(
    ("wanted", "tokens", "sent"),
    [
        ([due()] * 8, 6, 6),
        ([due()] * 8, 0.9, 0),
        ([due("critical")] * 8, 0, 6),
        ([due("critical")] * 20, 6, 12),  # a minute's worth, and another on credit; then they too are bundled
        ([due("critical")], -6, 0),
        ([due("critical")], -5, 1),
        ([due(reason="digest")], 0, 1),
        ([due(attempt_count=2)], 0, 1),
        ([], 6, 0),
    ],
)
def test_how_many_are_sent(wanted, tokens, sent):
    assert len(share(wanted, tokens, 6)[0]) == sent


def test_what_has_waited_goes_first_and_then_what_matters_most():
    low, high, critical, bundle, again = (
        due("low"),
        due("high"),
        due("critical"),
        due("low", "digest"),
        due(attempt_count=1),
    )
    sent, rest = share([low, high, critical, bundle, again], 4, 6)
    assert (sent, rest) == ([again, bundle, critical, high], [low])


@given(st.lists(st.tuples(st.integers(0, 30), st.lists(severities, max_size=9)), max_size=40), st.integers(1, 20))
def test_never_more_than_the_bucket_and_the_credit_give(steps, per_minute):
    tokens, at, now, gone = None, None, AT, []
    for seconds, wanted in steps:
        now += seconds * SECOND
        there = tokens_at(now, tokens, at, per_minute)
        sent, rest = share([due(severity) for severity in wanted], there, per_minute)
        assert len(sent) + len(rest) == len(wanted)
        tokens, at = there - len(sent), now
        assert -per_minute - 1e-6 <= tokens <= per_minute
        gone += [(now, one.severity) for one in sent]
        last_minute = [severity for when, severity in gone if now - when < 60 * SECOND]
        assert len(last_minute) <= 3 * per_minute
    calm = [now for now, severity in gone if severity != "critical"]
    for begins in calm:
        assert sum(begins <= other < begins + 60 * SECOND for other in calm) <= 2 * per_minute


@pytest.fixture
def _six(settings):
    settings.NOTIFICATIONS_PER_MINUTE = 6


def sent_data(httpserver):
    return [json.loads(request.data)["data"] for request, _ in httpserver.log]


@pytest.fixture
def hook(alice, httpserver: HTTPServer):
    httpserver.expect_request("/hook").respond_with_data("ok")
    return channel_of(alice, url=httpserver.url_for("/hook"))


@pytest.mark.usefixtures("_six")
def test_six_come_by_themselves_and_the_others_as_one(alice, httpserver: HTTPServer, hook, clock):
    for number in range(10):
        tell(alice, title=f"Message {number}", severity="high" if number == 9 else "medium")
    assert deliver(START) == 6
    bundled = Delivery.objects.filter(status="bundled")
    assert bundled.count() == 4
    assert set(bundled.values_list("cause", flat=True)) == {"Rate limit exceeded."}
    clock.move_to(START + 10 * SECOND)
    assert deliver(START + 10 * SECOND) == 1
    last = sent_data(httpserver)[-1]
    assert (last["reason"], last["title"], last["severity"]) == ("digest", "4 notifications", "medium")
    sent = [one["title"] for one in (*sent_data(httpserver)[:-1], *last["notifications"])]
    assert sorted(sent) == [f"Message {number}" for number in range(10)]
    assert "Message 9" in sent[:6]  # what matters most did not wait
    whole = Delivery.objects.get(reason="digest")
    assert (whole.status, set(bundled.values_list("bundle", flat=True))) == ("delivered", {whole.pk})


@pytest.mark.usefixtures("_six")
def test_what_comes_while_a_bundle_waits_joins_it(alice, httpserver: HTTPServer, hook, clock):
    for _ in range(8):
        tell(alice)
    deliver(START)
    first = Delivery.objects.get(reason="digest")
    clock.move_to(START + 3 * SECOND)
    tell(alice, START + 3 * SECOND)
    deliver(START + 3 * SECOND)
    joined = Delivery.objects.get(reason="digest")
    assert (joined.pk, joined.title, joined.due_at) == (first.pk, "3 notifications", first.due_at)


@pytest.mark.usefixtures("_six")
def test_a_single_one_that_is_too_many_waits_and_goes_as_itself(alice, httpserver: HTTPServer, hook, clock):
    for number in range(7):
        tell(alice, title=f"Message {number}")
    assert deliver(START) == 6
    waits = Delivery.objects.get(status="due")
    assert (waits.due_at, "Rate limit reached" in waits.cause) == (START + 10 * SECOND, True)
    clock.move_to(START + 10 * SECOND)
    assert deliver(START + 10 * SECOND) == 1
    assert sent_data(httpserver)[-1]["reason"] == "first"


@pytest.mark.usefixtures("_six")
def test_a_bundle_does_not_starve_while_more_and_more_comes(alice, httpserver: HTTPServer, hook, clock):
    for _ in range(20):
        tell(alice)
    deliver(START)
    now = START
    for _ in range(50):  # two messages a second, one of them critical
        now += SECOND
        clock.move_to(now)
        tell(alice, now, severity="critical")
        tell(alice, now)
        deliver(now)
    digests = Delivery.objects.filter(reason="digest", status="delivered")
    assert digests.count() >= 4
    oldest = Delivery.objects.filter(created_at=START, status="bundled").values_list("bundle__settled_at", flat=True)
    assert set(oldest) == {START + 10 * SECOND}
    assert len(httpserver.log) <= 6 + 6 + 6 + 1  # the bucket, the credit, and what a minute gives


@pytest.mark.usefixtures("_six")
def test_at_three_in_the_morning_what_is_critical_comes_by_itself(alice, httpserver: HTTPServer, hook, clock):
    for _ in range(30):
        tell(alice, severity="high")
    deliver(START)
    clock.move_to(START + SECOND)
    tell(alice, START + SECOND, title="The database is gone", severity="critical")
    assert deliver(START + SECOND) == 1
    assert (sent_data(httpserver)[-1]["title"], sent_data(httpserver)[-1]["reason"]) == (
        "The database is gone",
        "first",
    )


@pytest.mark.usefixtures("_six")
def test_a_storm_of_critical_ones_is_bundled_in_the_end_and_says_so(alice, httpserver: HTTPServer, hook, clock):
    for number in range(100):
        tell(alice, title=f"Rule {number}", severity="critical")
    assert deliver(START) == 12
    assert Delivery.objects.filter(status="bundled").count() == 88
    clock.move_to(START + 10 * SECOND)
    assert deliver(START + 10 * SECOND) == 1
    assert sent_data(httpserver)[-1]["title"] == "88 notifications, 88 critical"


@pytest.mark.usefixtures("_six")
def test_what_was_tried_before_keeps_its_id(alice, httpserver: HTTPServer, hook, clock):
    (tried,) = tell(alice)
    Delivery.objects.update(attempt_count=1)
    Channel.objects.update(tokens=-6, tokens_at=START)
    for _ in range(4):
        tell(alice)
    assert deliver(START) == 0
    tried.refresh_from_db()
    assert (tried.status, "Rate limit reached" in tried.cause) == ("due", True)
    clock.move_to(START + 10 * SECOND)
    assert deliver(START + 10 * SECOND) == 1
    assert httpserver.log[-1][0].headers["webhook-id"] == str(tried.pk)


@pytest.mark.usefixtures("_six")
def test_channels_have_a_bucket_each(alice, bob, httpserver: HTTPServer, hook, clock):
    channel_of(bob, url=httpserver.url_for("/hook"))
    for _ in range(6):
        tell(alice)
        tell(bob)
    assert deliver(START) == 12


def test_without_a_limit_all_of_them_are_sent(alice, httpserver: HTTPServer, hook, clock):
    for _ in range(40):
        tell(alice)
    assert deliver(START) == 40
