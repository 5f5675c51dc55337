"""What was applied is taken back, the last first, all of it or nothing; what cannot be is said."""

import pytest

from optimizer.execution.runner import apply, roll_back
from optimizer.models import ActionLog, OptimizationEvent, OptimizerPolicy
from optimizer.proposals.decisions import DecisionRefused
from rules.models import ActivityEntry, Integration
from tests.optimizer.step_cast import MINUTE, approved, integration_of, interval, proposal_of


def minutes_of(integration):
    integration.refresh_from_db()
    return integration.config.get("sync_interval_minutes")


def test_steps_are_undone_in_the_opposite_order(alice, ada, now):
    """Two changes of the same: only the last first gives the one before."""
    one = integration_of(alice, config={"sync_interval_minutes": 5})
    event = approved(alice, ada, now, interval(one, 10), interval(one, 20))
    apply(event.pk, now)
    assert minutes_of(one) == 20
    assert roll_back(event, ada, now + MINUTE, note=" It was not it. ") == []
    assert minutes_of(one) == 5
    event.refresh_from_db()
    assert (event.status, event.applied, event.decision_note) == ("rolled_back", False, "It was not it.")
    assert set(event.steps.values_list("status", "undone_at")) == {("undone", now + MINUTE)}
    entry = ActivityEntry.objects.get(event_type="optimization_rolled_back")
    assert (entry.context["by_name"], entry.context["note"]) == ("Ada", "It was not it.")
    assert ActionLog.objects.filter(action_type="undo_adjust_sync_interval").count() == 2


def test_what_cannot_be_taken_back_is_told_and_the_rest_is(alice, ada, at_gmail, now):
    event = approved(alice, ada, now, interval(at_gmail, 9), ("refresh_data", {}, at_gmail),
                     ("refresh_oauth_token", {}, at_gmail))  # fmt: skip
    apply(event.pk, now)
    assert roll_back(event, ada, now) == ["Refresh token", "Refresh data"]
    assert minutes_of(at_gmail) == 15
    assert ActivityEntry.objects.get(event_type="optimization_rolled_back").context["left"] == [
        "Refresh token", "Refresh data",
    ]  # fmt: skip


def test_where_nothing_can_be_taken_back_it_stays_applied(alice, ada, at_gmail, now):
    event = approved(alice, ada, now, ("refresh_data", {}, at_gmail))
    apply(event.pk, now)
    with pytest.raises(DecisionRefused, match="No operation can be rolled back: Refresh data"):
        roll_back(event, ada, now)
    event.refresh_from_db()
    assert event.status == "applied"


def test_where_something_has_changed_since_nothing_is_taken_back(alice, ada, now):
    gmail, slack = integration_of(alice), integration_of(alice, "slack")
    event = approved(alice, ada, now, interval(gmail, 9), interval(slack, 9))
    apply(event.pk, now)
    Integration.objects.filter(pk=gmail.pk).update(config={"sync_interval_minutes": 60})
    with pytest.raises(
        DecisionRefused, match=r"Rollback failed\. The interval was changed to 60 since then, so it is kept"
    ):
        roll_back(event, ada, now)
    assert (minutes_of(gmail), minutes_of(slack)) == (60, 9)
    event.refresh_from_db()
    assert event.status == "applied"
    assert set(event.steps.values_list("status", flat=True)) == {"done"}


def test_it_is_rolled_back_once(alice, ada, now):
    event = approved(alice, ada, now, interval(integration_of(alice), 9))
    apply(event.pk, now)
    roll_back(event, ada, now)
    with pytest.raises(DecisionRefused, match="was not applied, or was already rolled back"):
        roll_back(event, ada, now)


@pytest.mark.parametrize("status", ["proposed", "approved", "applying", "dismissed", "expired"])
def test_only_what_was_applied_is_rolled_back(alice, ada, now, status):
    with pytest.raises(DecisionRefused, match="was not applied"):
        roll_back(proposal_of(alice, now, "analyze_slow_queries", status=status), ada, now)


def test_what_a_failure_has_left_can_be_taken_back(alice, ada, now):
    OptimizerPolicy.objects.create(on_failure="keep")
    one = integration_of(alice)
    event = approved(alice, ada, now, interval(one, 9), interval(one, 9999))
    assert apply(event.pk, now).status == "failed"
    assert minutes_of(one) == 9
    assert roll_back(event, None, now) == []
    assert minutes_of(one) is None
    assert ActivityEntry.objects.get(event_type="optimization_rolled_back").context["by_name"] == "The policy"


def test_of_what_another_application_applied_there_is_nothing_to_take_back(alice, ada, now):
    event = OptimizationEvent.objects.create(
        user=alice, source_event_type="theirs", optimization_action="auto", applied=True, status="applied"
    )
    with pytest.raises(DecisionRefused, match=r"No operation can be rolled back\."):
        roll_back(event, ada, now)
