"""Two requests at once, on connections of their own."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from rules.ingest.storage import store
from rules.models import MetricSample
from smartagent.models import IdempotencyKey
from tests.api import Program

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def at_once(work, count=4):
    """Run `work` in threads that start together; return what each gave."""
    answers, start = [], threading.Barrier(count)

    def run():
        start.wait()
        try:
            answers.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_key_writes_once_and_all_get_the_answer(transactional_db, alice):
    body = [{"metric": "cpu", "value": value} for value in range(100)]

    def push():
        return Program(alice).post("samples/", body, status=201, headers={"Idempotency-Key": "k"})

    assert at_once(push) == [{"accepted": 100}] * 4
    assert MetricSample.objects.values("observed_at").distinct().count() == 1
    assert IdempotencyKey.objects.count() == 1


def test_one_series_and_time_is_not_doubled(transactional_db, alice):
    def push():
        return store([(alice.pk, "cpu", "", 1.0, AT)])

    assert at_once(push) == [1, 1, 1, 1]
    assert MetricSample.objects.count() == 1
