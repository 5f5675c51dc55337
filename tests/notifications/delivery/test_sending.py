"""Many deliveries at a time: within their bounds, one beside the other, and put back when the worker is to stop."""

import asyncio
import threading
import time

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Response

from notifications.channels import Receipt
from notifications.delivery import sending
from notifications.delivery.worker import Worker, deliver
from notifications.models import Delivery, DeliveryAttempt
from notifications.registries import channels
from tests.notifications.outside import channel_of, tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver():
    """One that answers many requests at a time."""
    with HTTPServer(threaded=True) as server:
        yield server


@pytest.fixture
def under_way(receiver):
    """How many requests were under way at the most, by path."""
    now, most, lock = {}, {}, threading.Lock()

    def slow(request):
        with lock:
            now[request.path] = now.get(request.path, 0) + 1
            most[request.path] = max(most.get(request.path, 0), now[request.path])
            most["all"] = max(most.get("all", 0), sum(now.values()))
        time.sleep(0.3)
        with lock:
            now[request.path] -= 1
        return Response("ok")

    for path in ("/a", "/b"):
        receiver.expect_request(path).respond_with_handler(slow)
    return most


def test_attempts_are_bounded_in_all_for_a_host_and_for_a_channel(alice, receiver, settings, monkeypatch, under_way):
    monkeypatch.setattr(sending, "MAX_PER_CHANNEL", 3)
    settings.DELIVERY_PER_HOST = 5
    for path in ("a", "b"):
        channel_of(alice, name=path, url=receiver.url_for(f"/{path}"))
    for _ in range(8):
        tell(alice, timezone.now())
    begun = time.monotonic()
    assert deliver(timezone.now()) == 16
    assert under_way == {"/a": 3, "/b": 3, "all": 5}
    assert time.monotonic() - begun < 16 * 0.3  # not one after the other
    settings.DELIVERY_CONCURRENCY = 2
    under_way.clear()
    for _ in range(3):
        tell(alice, timezone.now())
    assert (deliver(timezone.now()), under_way["all"]) == (6, 2)
    assert set(Delivery.objects.values_list("status", "attempt_count")) == {("delivered", 1)}


def test_a_worker_that_stops_ends_what_has_begun_and_puts_back_what_waits(alice, receiver, monkeypatch, under_way):
    monkeypatch.setattr(sending, "MAX_PER_CHANNEL", 3)
    channel_of(alice, url=receiver.url_for("/a"))
    for _ in range(40):
        tell(alice, timezone.now())
    worker = Worker()
    threading.Timer(0.2, worker.stopped.set).start()
    made = worker.run()
    assert 0 < made == len(receiver.log) <= 9
    assert Delivery.objects.filter(status="delivered", attempt_count=1).count() == made
    assert Delivery.objects.filter(status="due", attempt_count=0, leased_until=None).count() == 40 - made
    assert DeliveryAttempt.objects.count() == made


@pytest.mark.parametrize("waits", ["in a thread", "in the event loop"])
def test_a_channel_may_send_with_and_without_the_event_loop(alice, monkeypatch, waits):
    threads = set()

    def blocking(message, address):
        threads.add(threading.current_thread())
        time.sleep(0.3)
        return Receipt(excerpt=message.title)

    async def awaiting(message, address):
        threads.add(threading.current_thread())
        await asyncio.sleep(0.3)
        return Receipt(excerpt=message.title)

    monkeypatch.setattr(channels["webhook"], "send", blocking if waits == "in a thread" else awaiting)
    channel_of(alice, url="https://example.com/hook")
    for _ in range(6):
        tell(alice, timezone.now())
    begun = time.monotonic()
    assert deliver(timezone.now()) == 6
    assert time.monotonic() - begun < 6 * 0.3
    assert threading.main_thread() not in threads
    assert (len(threads) > 1) == (waits == "in a thread")
    assert set(DeliveryAttempt.objects.values_list("outcome", "excerpt")) == {("delivered", "CPU is high")}


def test_a_receiver_that_hangs_does_not_take_the_room_of_others(alice, bob, receiver, settings, monkeypatch):
    monkeypatch.setattr(sending, "MAX_PER_CHANNEL", 8)
    monkeypatch.setattr("notifications.delivery.outstanding.ENOUGH", 8)
    monkeypatch.setattr("notifications.delivery.worker.DELIVERIES_PER_BATCH", 8)
    settings.DELIVERY_CONCURRENCY = 16

    def hang(request):
        time.sleep(1)
        return Response("ok")

    receiver.expect_request("/a").respond_with_handler(hang)
    receiver.expect_request("/b").respond_with_data("ok")
    channel_of(alice, url=receiver.url_for("/a"))
    channel_of(bob, url=receiver.url_for("/b"))
    for _ in range(24):
        tell(alice, timezone.now())
    for _ in range(3):
        tell(bob, timezone.now())
    assert deliver(timezone.now()) == 27
    assert [request.path for request, _ in receiver.log][:3] == ["/b", "/b", "/b"]
