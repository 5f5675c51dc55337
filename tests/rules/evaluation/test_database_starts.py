"""A start of PostgreSQL is in the activity log, once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from rules.evaluation.database_starts import DATABASE_STARTED, log_database_start
from rules.models import ActivityEntry, DispatchRun


@pytest.mark.django_db
def test_a_start_since_the_last_evaluation_is_logged(client_of, olga):
    now = timezone.now()
    assert not log_database_start(now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        started = cursor.fetchone()[0]
    before, after = started - timedelta(minutes=1), started + timedelta(seconds=1)
    kept = {"trigger": DispatchRun.Trigger.SCHEDULE, "outcome": "completed"}
    DispatchRun.objects.create(**kept, evaluated_at=before, started_at=before, finished_at=before)
    assert log_database_start(now)
    page = client_of(olga).get("/activity/").content.decode()
    assert f"PostgreSQL was started at {started:%Y-%m-%d %H:%M:%S} UTC." in page
    DispatchRun.objects.create(**kept, evaluated_at=after, started_at=after, finished_at=after)
    assert not log_database_start(now)
    assert ActivityEntry.objects.filter(event_type=DATABASE_STARTED).count() == 1
