"""What was kept for long enough is forgotten; all else stays."""

from datetime import timedelta
from uuid import uuid4

import pytest
import structlog

from notifications.delivery import retention
from notifications.delivery.retention import forget_old
from notifications.models import Delivery, DeliveryAttempt, Notification
from notifications.tasks import forget_old as task
from smartagent.setup.schedules import wanted
from tests.notifications.inbox_cast import notification_for
from tests.notifications.outside import START, channel_of

DAY = timedelta(days=1)
SETTLED = ["delivered", "bundled", "skipped", "dead"]


def archived(user, days, **fields):
    return notification_for(user, **{"status": "archived", "archived_at": START - days * DAY,
                         "created_at": START - 400 * DAY} | fields)  # fmt: skip


def delivery_of(user, status, settled_at, **fields):
    return Delivery.objects.create(
        user=user, title="T", status=status, settled_at=settled_at, expires_at=START, created_at=START - 500 * DAY,
        **fields,
    )  # fmt: skip


def left(model=Notification):
    return set(model.objects.values_list("pk", flat=True))


def test_archived_notifications_go_after_ninety_days(alice, clock):
    young, _ = archived(alice, 89), archived(alice, 91)
    assert forget_old(START) == {"notifications": 1, "deliveries": 0}
    assert left() == {young.pk}


@pytest.mark.parametrize("status", ["unread", "read"])
def test_what_is_not_archived_stays(alice, clock, status):
    one = notification_for(alice, status=status, created_at=START - 400 * DAY)
    snoozed = notification_for(alice, created_at=START - 400 * DAY, snoozed_until=START - 300 * DAY)
    assert forget_old(START)["notifications"] == 0
    assert left() == {one.pk, snoozed.pk}


def test_what_was_taken_out_of_the_archive_stays(alice, clock):
    one = archived(alice, 300)
    Notification.objects.filter(pk=one.pk).mark_unread(START)
    forget_old(START)
    assert left() == {one.pk}


def test_the_ledger_remembers_where_a_forgotten_one_went(alice, clock):
    one = archived(alice, 100)
    delivery = delivery_of(alice, "delivered", START - 100 * DAY, notification=one)
    forget_old(START)
    delivery.refresh_from_db()
    assert (left(), delivery.notification_id, delivery.title) == (set(), None, "T")


@pytest.mark.parametrize("status", SETTLED)
def test_settled_deliveries_go_after_a_year_with_their_attempts(alice, clock, status):
    channel = channel_of(alice, url="http://127.0.0.1/")
    old = delivery_of(alice, status, START - 366 * DAY, channel=channel)
    young = delivery_of(alice, status, START - 364 * DAY, channel=channel)
    for delivery in (old, young):
        DeliveryAttempt.objects.create(delivery=delivery, number=1)
    assert forget_old(START) == {"notifications": 0, "deliveries": 1}
    assert left(Delivery) == {young.pk}
    assert DeliveryAttempt.objects.get().delivery == young


@pytest.mark.parametrize("status", ["waiting", "held", "due", "sending"])
def test_what_is_on_its_way_stays(alice, clock, status):
    one = delivery_of(alice, status, None)
    forget_old(START)
    assert left(Delivery) == {one.pk}


def test_of_a_bundle_what_is_younger_stays(alice, clock):
    whole = delivery_of(alice, "delivered", START - 366 * DAY, reason="digest")
    part = delivery_of(alice, "bundled", START - 366 * DAY, bundle=whole)
    young = delivery_of(alice, "bundled", START - 364 * DAY, bundle=whole)
    assert forget_old(START)["deliveries"] == 2
    young.refresh_from_db()
    assert (left(Delivery), young.bundle_id, part.bundle_id) == ({young.pk}, None, whole.pk)


def test_for_how_long_is_a_setting(alice, clock, settings):
    settings.NOTIFICATIONS_KEEP_DAYS, settings.DELIVERIES_KEEP_DAYS = 7, 8
    for days in (6, 8, 10):
        archived(alice, days)
        delivery_of(alice, "dead", START - days * DAY)
    assert forget_old(START) == {"notifications": 2, "deliveries": 1}


def test_nought_is_for_ever(alice, clock, settings):
    settings.NOTIFICATIONS_KEEP_DAYS = settings.DELIVERIES_KEEP_DAYS = 0
    archived(alice, 5000)
    delivery_of(alice, "dead", START - 5000 * DAY)
    assert forget_old(START) == {"notifications": 0, "deliveries": 0}


def test_many_go_in_batches_and_the_count_is_logged(alice, clock, monkeypatch):
    monkeypatch.setattr(retention, "DELETED_PER_QUERY", 3)
    monkeypatch.setattr(retention, "LOOKED", 5)
    Notification.objects.bulk_create(
        Notification(id=uuid4(), user=alice, type="alert", title="T", message="M", status="archived",
                     archived_at=START - 100 * DAY, read_at=START - 100 * DAY) for _ in range(13)
    )  # fmt: skip
    with structlog.testing.capture_logs() as logs:
        assert task() == "13 notifications, 0 deliveries"
    assert {"event": "forgotten", "notifications": 13, "deliveries": 0, "log_level": "info"} in logs
    assert left() == set()


def test_what_is_too_much_for_one_run_is_left_for_the_next(alice, clock, monkeypatch):
    monkeypatch.setattr(retention, "LOOKED", 2)
    monkeypatch.setattr(retention, "MAX_DELETED_PER_RUN", 4)
    for _ in range(5):
        archived(alice, 100)
    assert [forget_old(START)["notifications"] for _ in range(2)] == [4, 1]


def test_it_runs_once_a_day():
    assert [each.minutes for each in wanted() if each.func == "notifications.tasks.forget_old"] == [24 * 60]
