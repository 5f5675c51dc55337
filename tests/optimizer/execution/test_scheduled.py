"""What is scheduled waits for its change window, in nobody's way; what was begun is finished."""

from datetime import timedelta

import pytest

from optimizer.execution.runner import apply, work
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.proposals.decisions import DecisionRefused
from tests.optimizer.step_cast import approved

NIGHT = [{"days": [0], "from": "22:00", "until": "23:00"}]  # now is a Monday, 10:00
HOURS = timedelta(hours=12)


@pytest.fixture
def window(db):
    OptimizerPolicy.objects.create(window=NIGHT)


def test_it_waits_and_is_applied_in_the_window(alice, ada, now, window):
    event = approved(alice, ada, now, "analyze_slow_queries", optimization_action="scheduled")
    with pytest.raises(DecisionRefused, match="Waiting for the change window"):
        apply(event.pk, now)
    assert work(now) == 0
    assert work(now + HOURS) == 1
    event.refresh_from_db()
    assert (event.status, event.applied_at) == ("applied", now + HOURS)


def test_what_is_not_scheduled_does_not_wait(alice, ada, now, window):
    approved(alice, ada, now, "analyze_slow_queries", optimization_action="manual")
    assert work(now) == 1


def test_without_a_window_nothing_waits(alice, ada, now):
    approved(alice, ada, now, "analyze_slow_queries", optimization_action="scheduled")
    assert work(now) == 1


def test_many_that_wait_are_in_nobodys_way(alice, ada, now, window):
    for place in range(30):
        approved(alice, ada, now, "analyze_slow_queries", optimization_action="scheduled", target=str(place))
    last = approved(alice, ada, now + timedelta(minutes=1), "analyze_slow_queries", target="last")
    assert work(now + timedelta(minutes=1), maximum=5) == 1
    last.refresh_from_db()
    assert last.status == "applied"
    assert work(now + HOURS, maximum=5) == 5


def test_what_was_begun_is_finished_after_the_window(alice, ada, at_gmail, gmail, now, window):
    gmail.broke("health")
    event = approved(alice, ada, now, ("retry_connection", {}, at_gmail), optimization_action="scheduled")
    last_minute = now + timedelta(hours=12, minutes=59, seconds=50)
    assert apply(event.pk, last_minute).status == "applying"
    gmail.healed()
    assert work(last_minute + timedelta(seconds=30)) == 1
    assert OptimizationEvent.objects.get().status == "applied"
