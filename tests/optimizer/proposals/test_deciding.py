"""People say yes or no, each once; what nobody answers expires."""

import pytest

from optimizer.execution.runner import work
from optimizer.models import ActionLog, OptimizationEvent, OptimizerPolicy
from optimizer.policy.guardrails import STOPPED
from optimizer.proposals.decisions import (
    ANSWERED,
    NO_OPERATIONS,
    DecisionRefused,
    approve,
    dismiss,
    dismissed_until,
    expire,
)
from rules.models import ActivityEntry, AutomationRule
from tests.optimizer.step_cast import DAY, MINUTE, proposal_of

LOOK = "analyze_slow_queries"


def events():
    return list(ActivityEntry.objects.order_by("created_at").values_list("event_type", flat=True))


def rule_of(user):
    return AutomationRule.objects.create(user=user, rule_name="CPU", metric_type="cpu", condition_operator=">",
                                         threshold_value=90, action_type="optimize")  # fmt: skip


def test_an_approval_is_kept_with_who_when_and_what(alice, ada, now):
    event = proposal_of(alice, now, LOOK)
    approve(event, ada, now)
    event.refresh_from_db()
    assert (event.status, event.approved_by, event.approved_at) == ("approved", ada, now)
    assert len(event.content_hash) == 64
    entry = ActivityEntry.objects.get()
    assert (entry.event_type, entry.context["by_name"], entry.user) == ("optimization_approved", "Ada", alice)
    assert ActionLog.objects.get().action_details == {"by": "Ada"}


def test_it_is_approved_once(alice, ada, olga, now):
    event = proposal_of(alice, now, LOOK)
    approve(event, ada, now)
    with pytest.raises(DecisionRefused, match=ANSWERED):
        approve(event, olga, now)
    assert events() == ["optimization_approved"]


def test_nobody_approves_what_they_have_asked_for(alice, ada, now):
    event = proposal_of(alice, now, LOOK, requested_by=ada)
    with pytest.raises(DecisionRefused, match="You requested this optimization"):
        approve(event, ada, now)
    approve(event, alice, now)


def test_where_another_person_is_asked_for_neither_owner_nor_the_one_concerned_will_do(alice, bob, ada, now):
    event = proposal_of(bob, now, LOOK, rule=rule_of(alice))
    OptimizerPolicy.objects.create(needs_another=True)
    for person, why in ((alice, "owns the rule"), (bob, "is concerned")):
        with pytest.raises(DecisionRefused, match=f"another person to approve: you are the one who {why}"):
            approve(event, person, now)
    approve(event, ada, now)


def test_else_the_owner_will_do(alice, now):
    event = proposal_of(alice, now, LOOK, rule=rule_of(alice))
    approve(event, alice, now)
    event.refresh_from_db()
    assert (event.status, event.approved_by) == ("approved", alice)


def test_nothing_is_approved_where_everything_is_stopped(alice, ada, now):
    OptimizerPolicy.objects.create(stopped=True)
    with pytest.raises(DecisionRefused, match=STOPPED):
        approve(proposal_of(alice, now, LOOK), ada, now)


def test_advice_alone_is_nothing_to_approve(alice, ada, now):
    """Or the metric might get better by itself, and the strategy be trusted for it."""
    with pytest.raises(DecisionRefused, match=NO_OPERATIONS):
        approve(proposal_of(alice, now, advice=["Look."]), ada, now)


def test_what_has_expired_is_not_approved(alice, ada, now):
    event = proposal_of(alice, now, LOOK)
    with pytest.raises(DecisionRefused, match="has expired"):
        approve(event, ada, now + DAY)


@pytest.mark.parametrize(("text", "lasts"), [("1d", 1), ("7d", 7), ("30d", 30), ("ever", None)])
def test_a_dismissal_lasts(alice, ada, now, text, lasts):
    event = proposal_of(alice, now, LOOK)
    dismiss(event, ada, now, until=dismissed_until(text, now), note="  Not now. ")
    event.refresh_from_db()
    assert (event.status, event.decided_by, event.ended_at) == ("dismissed", ada, now)
    assert event.decision_note == "Not now."
    assert event.dismissed_until == (now + lasts * DAY if lasts else None)
    assert ActivityEntry.objects.get().context["note"] == "Not now."


def test_another_word_for_how_long_is_refused(now):
    with pytest.raises(ValueError, match=r"“2w” is not valid. Use one of: 1d, 7d, 30d, ever"):
        dismissed_until("2w", now)


def test_what_was_approved_can_be_dismissed_and_is_not_applied(alice, ada, now):
    event = proposal_of(alice, now, LOOK)
    approve(event, ada, now)
    dismiss(event, ada, now, until=None)
    assert work(now) == 0
    assert OptimizationEvent.objects.get().status == "dismissed"


@pytest.mark.parametrize("status", ["applying", "failed", "rolled_back", "expired", "dismissed"])
def test_what_was_answered_is_not_dismissed(alice, ada, now, status):
    event = proposal_of(alice, now, LOOK, status=status)
    with pytest.raises(DecisionRefused, match=ANSWERED):
        dismiss(event, ada, now, until=None)
    assert events() == []


def test_what_nobody_answers_in_its_day_expires_and_is_not_applied(alice, now):
    event = proposal_of(alice, now, LOOK)
    assert expire(now + DAY - MINUTE) == 0
    assert expire(now + DAY) == 1
    event.refresh_from_db()
    assert (event.status, event.ended_at, event.applied) == ("expired", now + DAY, False)
    assert events() == ["optimization_expired"]
    assert expire(now + 2 * DAY) == 0
    assert work(now + 2 * DAY) == 0


def test_what_was_approved_does_not_expire(alice, ada, now):
    approve(proposal_of(alice, now, LOOK), ada, now)
    assert expire(now + 5 * DAY) == 0
