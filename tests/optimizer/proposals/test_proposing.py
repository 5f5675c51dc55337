"""What fires is proposed once: not while one is under way, nor while it is dismissed."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from optimizer.models import ActionLog, OptimizationEvent, OptimizationStep
from optimizer.proposals.creation import ProposalRequest, proposal_of, propose
from optimizer.proposals.decisions import dismiss, dismissed_until, expire
from optimizer.strategies import Strategy
from optimizer.strategies.proposal import Facts, Proposal, ProposedStep
from rules.models import AutomationRule
from smartagent.kernel.formats import clock_utc
from smartagent.models import User
from tests.optimizer.step_cast import DAY, MINUTE

STEP = ProposedStep(operation="analyze_slow_queries", reason="It is slow.", expected="Evidence.")
PROPOSAL = Proposal(reason="The CPU is at 95.", steps=(STEP,), advice=("Look.",))


def requested(person, now, metric="fusion_score", target="", strategy="fusion_enhancement", **fields):
    facts = Facts(person=person.pk, metric=metric, value=55.0, threshold=70, operator="<", target=target, now=now)
    return ProposalRequest(facts=facts, **{"kind": "auto"} | fields), strategy, PROPOSAL


def test_it_is_a_row_with_steps_and_a_line_in_the_log(alice, now):
    entry = uuid.uuid4()
    (made,) = propose([requested(alice, now, entry=entry)], now)
    event = OptimizationEvent.objects.get()
    assert made.event.pk == event.pk
    assert made.obstacle == ""
    assert (event.status, event.strategy, event.optimization_action) == ("proposed", "fusion_enhancement", "auto")
    assert (event.reason, event.advice, event.entry_id) == ("The CPU is at 95.", ["Look."], entry)
    assert event.recommended_actions == ["Find slow queries: It is slow.", "Look."]
    assert event.before == {"metric": "fusion_score", "value": 55.0, "threshold": 70}
    assert event.expires_at == now + DAY
    step = OptimizationStep.objects.get()
    assert (step.position, step.operation, step.reason, step.expected) == (
        1,
        "analyze_slow_queries",
        "It is slow.",
        "Evidence.",
    )
    assert ActionLog.objects.get().action_type == "propose"


@pytest.mark.parametrize("status", ["proposed", "approved", "applying"])
def test_not_while_one_is_under_way(alice, now, status):
    propose([requested(alice, now)], now)
    OptimizationEvent.objects.update(status=status)
    (made,) = propose([requested(alice, now)], now + MINUTE)
    assert made.obstacle == f"An optimization is already {status}."
    assert OptimizationEvent.objects.count() == 1


def test_again_where_the_last_one_has_lapsed_and_no_worker_has_said_so_yet(alice, now):
    propose([requested(alice, now)], now)
    assert not propose([requested(alice, now)], now + DAY - MINUTE)[0].is_new
    assert propose([requested(alice, now)], now + DAY)[0].is_new


@pytest.mark.parametrize("status", ["failed", "rolled_back", "expired"])
def test_again_where_the_last_one_is_over(alice, now, status):
    propose([requested(alice, now)], now)
    OptimizationEvent.objects.update(status=status)
    assert propose([requested(alice, now)], now + MINUTE)[0].is_new


def test_again_where_the_last_one_was_applied(alice, now):
    propose([requested(alice, now)], now)
    OptimizationEvent.objects.update(status="applied", applied=True)
    assert propose([requested(alice, now)], now + MINUTE)[0].is_new


def test_two_of_one_batch_are_one(alice, now):
    first, second = propose([requested(alice, now), requested(alice, now)], now)
    assert (first.is_new, second.is_new) == (True, False)
    assert second.event.pk == first.event.pk


@pytest.mark.parametrize("days", [1, 7, 30])
def test_not_while_it_is_dismissed(alice, ada, now, days):
    propose([requested(alice, now)], now)
    dismiss(OptimizationEvent.objects.get(), ada, now, until=dismissed_until(f"{days}d", now))
    (made,) = propose([requested(alice, now)], now + days * DAY - MINUTE)
    assert made.obstacle == f"Dismissed until {clock_utc(now + days * DAY)}."
    assert propose([requested(alice, now)], now + days * DAY)[0].is_new


def test_never_again_where_it_is_dismissed_for_ever(alice, ada, now):
    propose([requested(alice, now)], now)
    dismiss(OptimizationEvent.objects.get(), ada, now, until=dismissed_until("ever", now))
    (made,) = propose([requested(alice, now)], now + 3000 * DAY)
    assert made.obstacle == "Dismissed permanently."


def test_what_expired_may_be_proposed_again(alice, now):
    propose([requested(alice, now)], now)
    assert expire(now + DAY) == 1
    assert propose([requested(alice, now)], now + DAY)[0].is_new


def test_of_another_person_target_or_strategy_it_is_another(alice, bob, now):
    whole = [
        requested(alice, now), requested(bob, now), requested(alice, now, target="gmail"),
        requested(alice, now, strategy="efficiency_boost"),
    ]  # fmt: skip
    assert all(made.is_new for made in propose(whole, now))


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ({"metric": "integration_health", "strategy": "integration_recovery"},
         {"metric": "integration_error_count", "strategy": "integration_recovery"}, True),
        ({"metric": "cpu", "strategy": "general"}, {"metric": "disk", "strategy": "general"}, False),
        ({"metric": "cpu", "strategy": "general"}, {"metric": "cpu", "strategy": "general"}, True),
    ],
)  # fmt: skip
def test_what_is_for_certain_metrics_is_one_for_all_of_them(alice, now, first, second, alike):
    """And what is for any metric is one for each: whoever has enough of it for the CPU may want it for the disk."""
    propose([requested(alice, now, **first)], now)
    assert propose([requested(alice, now, **second)], now)[0].is_new is not alike


def test_two_rules_that_adjust_do_not_stand_in_each_others_way(alice, now):
    rules = [AutomationRule.objects.create(user=alice, rule_name=name, metric_type="cpu", condition_operator=">",
                                           threshold_value=1, action_type="adjust") for name in "ab"]  # fmt: skip
    made = propose([requested(alice, now, strategy="adjust", rule=rule.pk) for rule in (*rules, rules[0])], now)
    assert [each.is_new for each in made] == [True, True, False]


def test_what_another_application_wrote_is_nobodys_obstacle(alice, now):
    OptimizationEvent.objects.create(
        user=alice, source_event_type="theirs", optimization_action="auto", strategy="fusion_enhancement"
    )
    assert propose([requested(alice, now)], now)[0].is_new


@pytest.mark.django_db
def test_five_hundred_take_as_many_statements_as_two(now):
    people = User.objects.bulk_create(User(email=f"p{n}@example.com") for n in range(502))
    counts = []
    for batch in (people[:2], people[2:]):
        with CaptureQueriesContext(connection) as asked_for:
            made = propose([requested(person, now) for person in batch], now)
        assert all(each.is_new for each in made)
        counts.append(len(asked_for))
    assert counts[0] == counts[1] < 20
    assert OptimizationStep.objects.count() == 502
    with CaptureQueriesContext(connection) as asked_for:
        propose([requested(person, now) for person in people], now)
    assert len(asked_for) == 1


class Foreign(Strategy):
    kind = "foreign"
    label = "Foreign"

    def propose(self, facts):
        steps = [
            ProposedStep(operation=name, reason="So.", expected="") for name in ("not_here", "analyze_slow_queries")
        ]
        return Proposal(reason="So.", steps=tuple(steps) if facts.target else (steps[0],))


def test_operations_that_are_not_installed_are_left_out(alice, now):
    facts = requested(alice, now, target="gmail")[0].facts
    assert [step.operation for step in proposal_of(Foreign(), facts).steps] == ["analyze_slow_queries"]
    facts = requested(alice, now)[0].facts
    assert proposal_of(Foreign(), facts) == Proposal(reason="So.", advice=("Not installed here: not_here.",))
