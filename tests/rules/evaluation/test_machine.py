"""What happens to the machine beside the rules is in the activity log: its clock is set, its connections are cut."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from rules.evaluation.clock_changes import CLOCK_SET, ClockWatch
from rules.evaluation.connection_cuts import CONNECTIONS_CUT, ConnectionWatch
from rules.models import ActivityEntry
from smartagent.setup.schedules import SCHEDULE_PREFIX, synchronise
from tests.rules.evaluation.test_evaluator import wait_for
from tests.rules.evaluation.test_series import MINUTE, on_load, push, run, states

HOUR = timedelta(hours=1)


@pytest.mark.django_db
def test_a_clock_that_was_set_is_logged_once_and_what_it_put_off_is_due(client_of, olga):
    now, watch = timezone.now(), ClockWatch()
    synchronise()
    schedules = Schedule.objects.filter(name__startswith=SCHEDULE_PREFIX)
    schedules.update(next_run=now + 8 * 24 * HOUR)
    other = Schedule.objects.create(name="not ours", func="math.sqrt", schedule_type="I", next_run=now + 99 * HOUR)
    OrmQ.objects.create(key="smartagent", payload="", lock=now + HOUR)
    assert watch.look(now)  # the clock may have been ahead before this process began
    assert schedules.get(name="smartagent: forget").next_run == now
    assert not schedules.filter(next_run__gt=now + 7 * 24 * HOUR).exists()
    other.refresh_from_db()
    assert (other.next_run, OrmQ.objects.get().lock) == (now + 99 * HOUR, now)
    schedules.update(next_run=now + timedelta(seconds=30))
    assert not watch.look(now)
    watch.offset -= 3600
    assert watch.look(now)
    watch.offset += 90
    assert watch.look(now)
    assert not watch.look(now)
    assert set(schedules.values_list("next_run", flat=True)) == {now + timedelta(seconds=30)}
    facts = ActivityEntry.objects.filter(event_type=CLOCK_SET).order_by("id").values_list("context", flat=True)
    assert sorted((each["direction"], each["length"]) for each in facts) == [("ahead", "1h"), ("back", "1m 30s")]
    page = client_of(olga).get("/activity/").content.decode()
    assert "The clock of the machine was set ahead by 1h.<" in page.replace("\n", "").replace("  ", "")
    assert "was set back by 1m 30s. Reset to the current time: 0 instances. Rules ignore missing data for 10m." in page


@pytest.mark.django_db
def test_readings_that_lie_in_the_future_since_the_clock_was_set_back_are_not_missing(alice, now):
    watch = ClockWatch()
    push(now + HOUR, {"": 20}, metric="steam", user=alice)
    push(now + HOUR, {"host=a": 95})
    simple, each = on_load(alice, metric_type="steam", series_mode="one"), on_load(alice)
    run(now + HOUR)
    before = {}, {'{host="a"}': "firing"}
    assert (states(simple), states(each)) == before
    watch.look(now)
    watch.offset += 3600
    watch.look(now)
    for minutes in (0, 5, 9):
        run(now + minutes * MINUTE)
        assert (states(simple), states(each)) == before
    for minutes in (11, 12, 13):
        run(now + minutes * MINUTE)
    assert (states(simple), states(each)) == ({"": "no_data"}, {"": "no_data"})


@pytest.mark.django_db
def test_connections_that_an_administrator_ends_are_logged(client_of, olga):
    watch, entries = ConnectionWatch(), ActivityEntry.objects.filter(event_type=CONNECTIONS_CUT)
    assert watch.look(timezone.now()) == 0
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [other.info.backend_pid])
        wait_for(lambda: look_afresh(watch) or entries.exists())
    assert watch.look(timezone.now()) == 0
    assert entries.count() == 1
    assert "An administrator of PostgreSQL ended 1 connection." in client_of(olga).get("/activity/").content.decode()


def look_afresh(watch):
    """A transaction sees statistics as they were when it first asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
    return watch.look(timezone.now())
