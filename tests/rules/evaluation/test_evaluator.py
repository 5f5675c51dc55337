"""Evaluations more often than every minute: by one process at a time, and by the workers where none runs."""

import threading
import time
from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from rules import tasks
from rules.evaluation.dispatcher import EVALUATION_LOCK
from rules.evaluation.evaluator import Evaluator
from rules.models import DispatchRun
from smartagent.setup.schedules import wanted


def runs():
    return list(DispatchRun.objects.by_clock().order_by("started_at"))


def start(evaluator):
    def run():
        try:
            evaluator.run()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    assert condition()


@pytest.mark.django_db(transaction=True)
def test_one_of_two_evaluators_evaluates_and_the_other_takes_over(settings):
    settings.EVALUATE_EVERY_SECONDS = 1
    first, second = Evaluator(), Evaluator()
    try:
        leading = start(first)
        wait_for(lambda: len(runs()) >= 1)
        standby = start(second)
        wait_for(lambda: len(runs()) >= 3)
        first.stopped.set()
        leading.join(10)
        before = len(runs())
        wait_for(lambda: len(runs()) >= before + 2)
    finally:
        first.stopped.set()
        second.stopped.set()
        standby.join(10)
    found = runs()
    assert {run.outcome for run in found} == {"completed"}
    gaps = [later.started_at - earlier.started_at for earlier, later in pairwise(found)]
    assert min(gaps) > timedelta(seconds=0.5)


@pytest.mark.django_db(transaction=True)
def test_the_workers_evaluate_where_no_evaluator_has_for_a_minute(settings):
    settings.EVALUATE_EVERY_SECONDS = 15
    assert tasks.tick().startswith("completed")
    assert tasks.tick() == "manage.py evaluate does it"
    DispatchRun.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    assert tasks.tick().startswith("completed")
    DispatchRun.objects.update(started_at=timezone.now() + timedelta(hours=1))  # the clock was set back
    assert tasks.tick().startswith("completed")
    assert len(runs()) == 3


@pytest.mark.parametrize(("seconds", "minutes"), [(15, 1), (90, 1), (60, 1), (300, 5)])
def test_the_schedule_of_the_workers_has_whole_minutes(settings, seconds, minutes):
    settings.EVALUATE_EVERY_SECONDS = seconds
    assert [each.minutes for each in wanted() if each.name == "dispatch"] == [minutes]


@pytest.mark.django_db(transaction=True)
def test_one_that_was_interrupted_or_did_not_begin_is_done_within_a_minute_and_once(settings):
    settings.EVALUATE_EVERY_SECONDS = 300
    assert tasks.catch_up() == "none was missed"  # the schedule begins
    assert tasks.tick().startswith("completed")
    assert tasks.tick() == "another worker has done it"  # a task of a killed worker that comes again
    assert tasks.catch_up() == "none was missed"

    last = DispatchRun.objects.by_clock()[:1]
    DispatchRun.objects.filter(pk__in=last).update(outcome="running", finished_at=None)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [EVALUATION_LOCK])
        assert tasks.catch_up() == "none was missed"  # it goes on
    assert tasks.catch_up().startswith("completed")
    DispatchRun.objects.filter(pk__in=last).update(outcome="running", finished_at=None)
    assert tasks.catch_up() == "none was missed"  # twice in a row: it may be the evaluation that kills
    assert tasks.tick().startswith("completed")

    DispatchRun.objects.update(started_at=F("started_at") - timedelta(seconds=365))  # a task was lost
    assert tasks.catch_up().startswith("completed")
    assert tasks.tick() == "another worker has done it"
    assert [run.outcome for run in runs()] == ["failed", "failed", "completed", "completed"]
    settings.EVALUATE_EVERY_SECONDS = 15
    assert "evaluations" not in {each.name for each in wanted()}
