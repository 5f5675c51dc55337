"""A scheduled evaluation that is late says what has kept it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import DispatchRun

SCHEDULE = DispatchRun.Trigger.SCHEDULE


@pytest.mark.django_db
@pytest.mark.parametrize(("ago", "late"), [(timedelta(days=3650), True), (timedelta(minutes=6), False)])
def test_a_late_run_names_what_was_started_since(ago, late):
    now = timezone.now()
    DispatchRun.objects.create(
        trigger=SCHEDULE, outcome="completed", evaluated_at=now - ago, started_at=now - ago, finished_at=now - ago / 2
    )
    run = dispatch(now, SCHEDULE)
    assert run.outcome == "completed"
    assert (run.late_by is not None) is late
    message = run.error_message or ""
    assert ("It was late: PostgreSQL was started at " in message) is late
    assert ("the process that evaluates was started at " in message) is late
    assert ("the evaluation before took 157680000 s." in message) is late
