"""Workers are killed in the middle of it, and everything arrives."""

import signal
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from werkzeug import Response

from notifications.delivery import outcome
from notifications.delivery.worker import Worker
from notifications.models import Delivery, DeliveryAttempt, Notification
from smartagent.bench.deliver import kill_now_and_then, make_deliveries, wait_until_settled
from smartagent.bench.delivery_workers import Workers, working
from smartagent.bench.receiver import receiving
from tests.notifications.outside import channel_of, tell
from tests.smartagent.adoption.conftest import run

pytestmark = pytest.mark.django_db(transaction=True)
COUNT, WORKERS, MORE_KILLS = 240, 2, 1
STATEMENTS = """SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"""


def kill_at_work(workers: Workers) -> None:
    """Kill all while an attempt is under way, however fast they are: stopped, they wait until we have looked."""
    while not DeliveryAttempt.objects.exists():
        time.sleep(0.02)
    while not _held_at_work(workers):
        for process in workers.running():
            process.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    workers.kill_all()


def _held_at_work(workers: Workers) -> bool:
    for process in workers.running():
        process.send_signal(signal.SIGSTOP)
    while run(STATEMENTS):
        time.sleep(0.01)
    return DeliveryAttempt.objects.filter(outcome="started").exists() or not Delivery.objects.unsettled().exists()


def test_nothing_is_lost_where_workers_are_killed():
    with receiving(latency=300) as receiver:
        make_deliveries(COUNT, receiver.address, timezone.now())
        sent = {str(key) for key in Delivery.objects.values_list("pk", flat=True)}
        with working(WORKERS, connection.settings_dict["NAME"], lease=1) as workers:
            kill_at_work(workers)
            kill_now_and_then(workers, MORE_KILLS, COUNT, receiver)
            wait_until_settled(receiver)
        counts = receiver.counts()
    assert (workers.killed, workers.deliver.returncode) == (WORKERS + MORE_KILLS, 0)
    assert len(sent) == COUNT
    assert counts.keys() == sent  # every one arrived, and a repeat has the id of the first
    assert set(Delivery.objects.values_list("status", "cause", "leased_until")) == {("delivered", "", None)}
    assert Notification.objects.count() == COUNT
    assert not DeliveryAttempt.objects.filter(outcome="started").exists()
    assert DeliveryAttempt.objects.filter(error__contains="The worker ended").exists()
    tried = DeliveryAttempt.objects.filter(outcome="delivered").values("delivery").distinct().count()
    assert tried == COUNT


def test_a_worker_that_is_told_to_stop_puts_back_what_it_has_not_begun(alice, httpserver, settings):
    settings.DELIVERY_CONCURRENCY = 1
    worker = Worker()

    def stop(request):
        worker.stopped.set()
        time.sleep(0.3)
        return Response("ok")

    httpserver.expect_request("/hook").respond_with_handler(stop)
    channel_of(alice, url=httpserver.url_for("/hook"))
    now = timezone.now()
    for _ in range(20):
        tell(alice, now)
    made = worker.run()
    assert made == len(httpserver.log) < 20
    assert Delivery.objects.filter(status="delivered", attempt_count=1).count() == made
    assert Delivery.objects.filter(status="due", attempt_count=0, leased_until=None).count() == 20 - made
    assert DeliveryAttempt.objects.count() == made


def test_what_waits_too_long_for_a_hand_is_put_back_and_not_sent_after_its_lease(alice, httpserver, settings):
    settings.DELIVERY_CONCURRENCY = 1
    worker = Worker(timedelta(seconds=1))

    def slow(request):
        time.sleep(0.7)
        worker.stopped.set()
        return Response("ok")

    httpserver.expect_request("/hook").respond_with_handler(slow)
    channel_of(alice, url=httpserver.url_for("/hook"))
    now = timezone.now()
    for _ in range(3):
        tell(alice, now)
    assert worker.run() == len(httpserver.log) == 1
    assert sorted(Delivery.objects.values_list("status", "attempt_count")) == [("delivered", 1), ("due", 0), ("due", 0)]


def test_a_database_that_fails_for_a_moment_neither_ends_the_worker_nor_loses_what_came(alice, httpserver, monkeypatch):
    httpserver.expect_request("/hook").respond_with_data("ok")
    channel_of(alice, url=httpserver.url_for("/hook"))
    for _ in range(5):
        tell(alice, timezone.now())
    worker, left = Worker(), [OperationalError("gone"), OperationalError("still gone")]

    def record(results, now):
        if left:
            raise left.pop()
        worker.stopped.set()
        outcome.record(results, now)

    monkeypatch.setattr("notifications.delivery.worker.record", record)
    monkeypatch.setattr("notifications.delivery.worker.IDLE_SECONDS", 0.05)
    worker.run()
    assert set(Delivery.objects.values_list("status", "attempt_count")) == {("delivered", 1)}
    assert len(httpserver.log) == 5
