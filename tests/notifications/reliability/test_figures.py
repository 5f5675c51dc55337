"""Figures of deliveries by kind, channel and period, and the error budget of a goal."""

from datetime import timedelta
from uuid import uuid4

import pytest

from notifications.models import Delivery
from notifications.reliability.figures import (
    PeriodFigures,
    budget_in_words,
    budget_left,
    reliability_of,
)
from notifications.routing.router import NOTIFICATION_TTL
from tests.notifications.outside import START, channel_of

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def deliver(channel, ago, seconds=None, *, held=timedelta(0), **fields):
    created = START - ago
    return Delivery(
        user=channel.user, channel=channel, channel_name=channel.name, kind=channel.kind, title="CPU",
        created_at=created, expires_at=created + held + NOTIFICATION_TTL,
        settled_at=created + held + seconds * SECOND if seconds is not None else None,
        **{"status": "delivered" if seconds is not None else "dead"} | fields,
    )  # fmt: skip


@pytest.fixture
def deliveries(alice, bob):
    mail, pager = channel_of(alice, "email", to="a@example.com"), channel_of(bob, "webhook", url="https://a.example/x")
    gone = channel_of(bob, "webhook", "gone", url="https://b.example/x")
    rows = [deliver(mail, HOUR, seconds) for seconds in range(1, 101)]
    rows += [
        deliver(mail, 2 * HOUR), deliver(mail, 48 * HOUR), deliver(mail, 20 * 24 * HOUR, 2),
        deliver(mail, 31 * 24 * HOUR), deliver(mail, HOUR, 1, reason="test"), deliver(mail, HOUR, reason="test"),
        deliver(mail, 9 * HOUR, 3, held=8 * HOUR), deliver(mail, HOUR, status="skipped"),
        deliver(mail, HOUR, status="held"), deliver(mail, HOUR, status="waiting"),
        deliver(mail, HOUR, status="bundled"), deliver(pager, 61 * SECOND, status="due"),
        deliver(pager, 59 * SECOND, status="sending"), deliver(pager, HOUR, status="due", held=HOUR),
        deliver(gone, HOUR),
    ]  # fmt: skip
    Delivery.objects.bulk_create(rows)
    gone.delete()
    return mail, pager


def counts(figures):
    return figures.delivered, figures.failed, figures.late, figures.overdue


def test_figures(deliveries, django_assert_num_queries):
    mail, pager = deliveries
    with django_assert_num_queries(2):
        found = reliability_of(60, START)
    by_kind = {row.kind: row.periods for row in found.kinds}
    assert [counts(each) for each in by_kind["email"].values()] == [(101, 1, 40, 0), (101, 2, 40, 0), (102, 2, 40, 0)]
    assert counts(by_kind["webhook"]["24h"]) == (0, 1, 0, 1)
    day = by_kind["email"]["24h"]
    assert (day.success_rate, day.on_time_rate, day.total) == (99.01, 59.8, 102)
    assert day.p50 == pytest.approx(50, rel=0.03)
    assert day.p95 == pytest.approx(95, rel=0.03)
    assert [(row.channel, counts(row.periods["30d"])) for row in found.channels] == [
        (mail, (102, 2, 40, 0)), (pager, (0, 0, 0, 1)),
    ]  # fmt: skip
    assert counts(found.total.periods["30d"]) == (102, 3, 40, 1)
    assert [row.kind for row in found.kinds] == ["email", "webhook"]  # the worst first


def test_nothing_at_all(db):
    found = reliability_of(60, START)
    assert (found.kinds, found.channels) == ([], [])
    figures = found.total.periods["24h"]
    assert (figures.success_rate, figures.on_time_rate, figures.p50) == (None, None, None)
    assert budget_left(figures, 99.5) is None


@pytest.mark.parametrize(
    ("delivered", "late", "failed", "percent", "left", "words"),
    [
        (1000, 0, 0, 99.5, 100, "5 of 5 deliveries left"),
        (998, 1, 2, 99.5, 40, "2 of 5 deliveries left"),
        (995, 0, 5, 99.5, 0, "0 of 5 deliveries left"),
        (990, 0, 10, 99.5, -100, "exceeded by 5 deliveries"),
        (1, 0, 0, 99.5, 100, "0 of 0 deliveries left"),
        (0, 0, 1, 99.5, -19900, "exceeded by 1 delivery"),
        (9, 0, 1, 100, -100, "exceeded by 1 delivery"),
        (10, 0, 0, 100, 100, "0 of 0 deliveries left"),
    ],
)
def test_the_error_budget(delivered, late, failed, percent, left, words):
    figures = PeriodFigures(delivered, failed, late)
    assert (budget_left(figures, percent), budget_in_words(figures, percent)) == (left, words)


def test_many_channels_are_not_all_shown(alice):
    channel = channel_of(alice, "email", to="a@example.com")
    channels = [channel_of(alice, "email", f"c{n}", to="a@example.com") for n in range(32)]
    Delivery.objects.bulk_create([deliver(each, HOUR, 1) for each in [channel, *channels]])
    Delivery.objects.bulk_create([deliver(channels[-1], HOUR, pk=uuid4())])
    found = reliability_of(60, START).channels
    assert (len(found), found[0].name) == (30, "c31")
