"""The policy says yes to what keeps within its guard-rails, counts right, and lets nothing stand in the way."""

import threading
import uuid

import pytest
from django.db import connection, connections, transaction

from optimizer.models import OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.proposals.decisions import approve_by_policy
from optimizer.proposals.locks import is_alone
from rules.models import ActivityEntry
from smartagent.models import User
from tests.optimizer.step_cast import DAY, MINUTE, integration_of, interval, proposal_of


@pytest.fixture
def trusted(alice, ada, now):
    """The general strategy has helped three times, by Ada's decision."""
    for _ in range(3):
        proposal_of(alice, now, status="applied", applied=True, verdict="improved", approved_by=ada,
                    approved_at=now - 9 * DAY)  # fmt: skip


def automatic(user, now, *steps, **fields):
    values = {"optimization_action": "auto", "entry_id": uuid.uuid4(), "target": str(uuid.uuid4())} | fields
    return proposal_of(user, now, *(steps or ["analyze_slow_queries"]), **values)


def status_of(event):
    event.refresh_from_db()
    return event.status


def test_what_is_trusted_is_approved_by_nobody(bob, now, trusted):
    event = automatic(bob, now)
    assert approve_by_policy(now) == 1
    assert (status_of(event), event.approved_by) == ("approved", None)
    assert ActivityEntry.objects.get().context["by_name"] == "The policy"


@pytest.mark.parametrize(
    "fields",
    [{"optimization_action": "manual"}, {"optimization_action": "scheduled"}, {"entry_id": None},
     {"strategy": "efficiency_boost"}, {"status": "dismissed"}],
)  # fmt: skip
def test_what_is_for_a_person_waits_for_one(bob, now, trusted, fields):
    automatic(bob, now, **fields)
    assert approve_by_policy(now) == 0


def test_what_has_expired_is_not_approved(bob, now, trusted):
    automatic(bob, now - DAY)
    assert approve_by_policy(now) == 0


def test_what_cannot_be_taken_back_or_has_no_operations_waits(bob, now, trusted):
    one = integration_of(bob)
    for steps in (["call_engine"], [interval(one, 9), "refresh_data"], ["not_installed"]):
        automatic(bob, now, *steps)
    empty = automatic(bob, now)
    OptimizationStep.objects.filter(event=empty).delete()
    assert approve_by_policy(now) == 0


def test_so_many_a_day_for_each_person(alice, bob, now, trusted):
    OptimizerPolicy.objects.create(automatic_per_day=2)
    for person in (alice, alice, alice, bob):
        automatic(person, now)
    assert approve_by_policy(now) == 3
    assert approve_by_policy(now) == 0
    automatic(alice, now + DAY)
    OptimizationEvent.objects.filter(status="proposed").update(expires_at=now + 9 * DAY)
    assert approve_by_policy(now + DAY) == 2  # the one that was left over, and a new one


def test_never_two_on_one_target(bob, now, trusted):
    first, second = (automatic(bob, now - place * MINUTE, target="gmail") for place in (1, 0))
    assert approve_by_policy(now) == 1
    assert (status_of(first), status_of(second)) == ("approved", "proposed")


def test_never_two_on_one_integration_whatever_their_targets_are_called(bob, now, trusted):
    one = integration_of(bob)
    automatic(bob, now, interval(one, 9))
    automatic(bob, now, interval(one, 10))
    assert approve_by_policy(now) == 1


def test_nothing_where_everything_is_stopped(bob, now, trusted):
    automatic(bob, now)
    OptimizerPolicy.objects.create(stopped=True)
    assert approve_by_policy(now) == 0


def test_a_strategy_that_made_it_worse_too_often_is_not_trusted(alice, bob, now, trusted):
    for _ in range(3):
        proposal_of(alice, now, status="rolled_back", verdict="worse", approved_at=now - 9 * DAY)
    automatic(bob, now)
    assert approve_by_policy(now) == 0


def test_what_must_wait_is_in_nobodys_way(bob, now, trusted):
    """Three hundred that nobody trusts, that cannot be taken back, or whose person has had enough, came before."""
    people = User.objects.bulk_create(User(email=f"p{n}@example.com") for n in range(300))
    for place, person in enumerate(people):
        kind = ("call_engine", "analyze_slow_queries")[place % 2]
        strategy = ("general", "efficiency_boost")[place % 2]
        automatic(person, now, kind, strategy=strategy)
    full = [automatic(bob, now) for _ in range(220)]
    OptimizationEvent.objects.filter(pk__in=[each.pk for each in full[:3]]).update(
        status="applied", applied=True, approved_at=now
    )
    last = automatic(people[0], now)
    OptimizationEvent.objects.filter(pk=last.pk).update(created_at=now)
    OptimizationEvent.objects.exclude(pk=last.pk).update(created_at=now - DAY / 2)
    assert approve_by_policy(now) == 1
    assert status_of(last) == "approved"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_not_approve_one_too_many(bob, now, trusted):
    for _ in range(6):
        automatic(bob, now)
    ready, counts = threading.Barrier(4), []

    def look():
        try:
            ready.wait()
            counts.append(approve_by_policy(now))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=look) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == OptimizationEvent.objects.filter(status="approved").count() == 3


@pytest.mark.django_db(transaction=True)
def test_while_another_worker_is_at_it_nothing_is_done(bob, now, trusted):
    automatic(bob, now)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('optimizer.policy', 0))")
        assert approve_by_policy(now) == 0
        with transaction.atomic():
            assert not is_alone("policy")
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()
    assert approve_by_policy(now) == 1
