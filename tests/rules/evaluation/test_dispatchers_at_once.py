"""Many dispatchers at once, each with a connection of the pool: what fires acts once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from notifications.models import Notification
from rules.evaluation.dispatcher import EVALUATION_LOCK, dispatch
from rules.models import ActivityEntry, DispatchRun
from tests.rules.evaluation.test_dispatcher import rule_of, sample

THREADS = 6
HELD = """
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE locktype = 'advisory' AND objid = %s AND d.datname = current_database()
"""


def dispatch_and_hang_up(now):
    try:
        return dispatch(now, "page").outcome
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_dispatchers_at_once(alice, now):
    for threshold in range(20):
        rule_of(alice, "cpu", ">", threshold, "alert")
    sample(alice, 95, now)
    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(dispatch_and_hang_up, [now] * THREADS * 3))
    assert set(outcomes) <= {"completed", "overlapped"}
    assert "completed" in outcomes
    assert ActivityEntry.objects.count() == Notification.objects.count() == 20
    assert not DispatchRun.objects.unfinished().exists()
    with connection.cursor() as cursor:
        cursor.execute(HELD, [EVALUATION_LOCK])
        assert cursor.fetchone() == (0,)
