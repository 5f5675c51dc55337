"""Workers are killed in the middle of it, and everything arrives."""

import time

import pytest
from django.db import connection
from django.utils import timezone
from werkzeug import Response

from notifications.delivery import Worker
from notifications.models import Delivery, DeliveryAttempt, Notification
from smartagent.bench.deliver import kill_now_and_then, make_deliveries, wait_until_settled
from smartagent.bench.delivering import working
from smartagent.bench.receiver import receiving
from tests.notifications.outside import channel_of, tell

pytestmark = pytest.mark.django_db(transaction=True)
COUNT, KILLS = 400, 4


def test_nothing_is_lost_where_workers_are_killed():
    with receiving() as receiver:
        make_deliveries(COUNT, receiver.address, timezone.now())
        sent = {str(key) for key in Delivery.objects.values_list("pk", flat=True)}
        with working(2, connection.settings_dict["NAME"], lease=1) as workers:
            kill_now_and_then(workers, KILLS, COUNT, receiver)
            wait_until_settled(receiver)
        counts = receiver.counts()
    assert workers.killed == KILLS
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
    assert Delivery.objects.filter(status="delivered", tries=1).count() == made
    assert Delivery.objects.filter(status="due", tries=0, leased_until=None).count() == 20 - made
    assert DeliveryAttempt.objects.count() == made
