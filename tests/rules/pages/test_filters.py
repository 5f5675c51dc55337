"""The filters of the lists, which are those of the API."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rules.filters import ActivityFilter, RuleFilter, RunFilter, StateFilter
from rules.models import ActivityEntry, AutomationRule, DispatchRun, RuleState
from tests.rules.rule_cast import entry_of, rule_of, run_at, state_of

RULES = "admin:rules_automationrule_changelist"
ACTIVITY = "admin:rules_activityentry_changelist"


def kept(filterset, model, **requested):
    found = filterset(requested, model.objects.all())
    assert found.is_valid(), found.errors
    return set(found.qs)


@pytest.mark.parametrize(
    ("requested", "names"),
    [
        ({"status": "paused"}, {"Load"}),
        ({"metric": "fusion_score"}, {"Score"}),
        ({"action": "log"}, {"Load"}),
        ({"severity": "high"}, {"Score"}),
        ({"applies_to": "everyone"}, {"Load"}),
        ({"owner": "ali"}, {"Score"}),
        ({"owner": "bob@example.com"}, {"Load"}),
        ({"person": "ali"}, {"Score", "Load"}),
        ({"person": "bob"}, set()),
        ({"after": "2026-03-01"}, {"Score"}),
        ({"before": "2026-03-01T00:00:00Z"}, {"Load"}),
        ({"status": "", "metric": ""}, {"Score", "Load"}),
    ],
)
def test_rules(alice, bob, now, requested, names):
    rule_of(alice, rule_name="Score", last_triggered_at=now)
    rule_of(bob, rule_name="Load", metric_type="cpu", action_type="log", severity="low", status="paused",
            applies_to="everyone", last_triggered_at=now - timedelta(days=9))  # fmt: skip
    state_of(AutomationRule.objects.get(rule_name="Load"), now, user=alice)
    assert {str(rule) for rule in kept(RuleFilter, AutomationRule, **requested)} == names


def test_a_person_and_a_rule_by_id(alice, bob, now):
    own, other = rule_of(alice), rule_of(bob)
    assert kept(RuleFilter, AutomationRule, person=str(alice.pk)) == {own}
    entry = entry_of(other, now)
    entry_of(own, now)
    assert kept(ActivityFilter, ActivityEntry, rule=str(other.pk)) == {entry}


def test_whom_it_is_about_and_whose_rule_it_is_are_two_questions(alice, bob, olga, now):
    """A rule of Olga watches Alice; an entry of before, and one of another program, name nobody."""
    rule, own = rule_of(olga, applies_to="everyone"), rule_of(bob)
    alert = state_of(rule, now, user=alice)
    about = entry_of(rule, now, context={"person": str(alice.pk)})
    old, odd = entry_of(own, now, context={}), entry_of(own, now, context={"person": "x" * 100_000})
    empty = entry_of(own, now, context={"person": ""})
    assert kept(StateFilter, RuleState, person="alice", owner="olga") == {alert}
    assert kept(StateFilter, RuleState, person="olga") == kept(StateFilter, RuleState, owner="alice") == set()
    assert (
        kept(ActivityFilter, ActivityEntry, person="alice")
        == kept(ActivityFilter, ActivityEntry, owner="olga")
        == {about}
    )
    assert kept(ActivityFilter, ActivityEntry, person=str(bob.pk)) == {old, empty}
    assert kept(ActivityFilter, ActivityEntry, owner="bob") == {old, odd, empty}
    assert kept(ActivityFilter, ActivityEntry, person="example.com") == {about, old, empty}
    assert kept(ActivityFilter, ActivityEntry, person="nobody") == set()


def test_states_by_rule_and_metric(alice, now):
    state = state_of(rule_of(alice), now, target="gmail")
    state_of(rule_of(alice, metric_type="cpu", rule_name="Load"), now)
    assert kept(StateFilter, RuleState, metric="fusion_score") == {state}
    assert kept(StateFilter, RuleState, rule="fusion", target="gmail", severity="high") == {state}


def test_states_by_how_bad_their_episode_is(alice, now):
    high, low = rule_of(alice, rule_name="High", severity="high"), rule_of(alice, severity="low")
    plain, worse = state_of(high, now), state_of(low, now, critical=True)
    assert kept(StateFilter, RuleState, severity="critical") == {worse}
    assert kept(StateFilter, RuleState, severity="high") == {plain}
    assert kept(StateFilter, RuleState, severity="low") == set()
    assert (plain.severity, worse.severity) == ("high", "critical")


def test_activity_by_what_it_recorded(alice, now):
    entry = entry_of(rule_of(alice), now)
    failed = entry_of(rule_of(alice, severity="low"), now, status="failed", event_type="rule_repeated")
    assert kept(ActivityFilter, ActivityEntry, metric="fusion_score") == {entry, failed}
    assert kept(ActivityFilter, ActivityEntry, severity="high") == {entry}
    assert kept(ActivityFilter, ActivityEntry, status="failed", event="rule_repeated") == {failed}
    entry_of(rule_of(alice), now, event_type="rule_resolved")
    assert kept(ActivityFilter, ActivityEntry, event="triggered") == {entry, failed}


def test_late_runs(db, now):
    late, fine = run_at(now, late_by=timedelta(minutes=3)), run_at(now)
    assert kept(RunFilter, DispatchRun, late="yes") == {late}
    assert kept(RunFilter, DispatchRun, late="no") == {fine}


def test_the_last_hours(alice, now, time_machine):
    time_machine.move_to(now, tick=False)
    recent = entry_of(rule_of(alice), now - timedelta(minutes=30))
    entry_of(rule_of(alice), now - timedelta(hours=2))
    assert kept(ActivityFilter, ActivityEntry, within="1h") == {recent}


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({"status": "broken"}, "Status: “broken” is not one of: active, paused, disabled, draft."),
        ({"after": "yesterday"}, "Invalid time."),
        ({"colour": "red"}, "Unknown filter “colour”. Valid filters: "),
        ({"metric": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_a_bad_filter_is_said_and_not_ignored(client_of, alice, requested, message):
    rule_of(alice)
    response = client_of(alice).get(reverse(RULES), requested)
    assert response.status_code == 200
    assert message in response.content.decode()
    assert (list(response.context["cl"].result_list) == []) == ("colour" not in requested)


def test_a_bad_run_id(client_of, alice):
    assert "Invalid run ID." in client_of(alice).get(reverse(ACTIVITY), {"run": "7"}).content.decode()


def test_filters_in_force_are_shown_and_can_be_taken_away(client_of, alice, now):
    entry_of(rule_of(alice), now)
    page = client_of(alice).get(reverse(ACTIVITY), {"status": "failed", "search": "fusion -event:fired"})
    assert "No matching entries" in page.content.decode()
    assert [(chip["text"], chip["without"]) for chip in page.context["cl"].chips] == [
        ("fusion", "?search=-event%3Afired&status=failed"), ("-event:fired", "?search=fusion&status=failed"),
        ("Status: Failed", "?search=fusion+-event%3Afired"),
    ]  # fmt: skip


def test_times_without_a_zone_are_in_the_persons_zone(client_of, alice, now):
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    entry_of(rule_of(alice), now)  # 10:00 UTC is 19:00 in Tokyo
    client = client_of(alice)
    assert len(client.get(reverse(ACTIVITY), {"after": "2026-03-02T18:59"}).context["cl"].result_list) == 1
    assert len(client.get(reverse(ACTIVITY), {"after": "2026-03-02T19:01"}).context["cl"].result_list) == 0


def test_a_pages_form_carries_search_and_order_on_but_not_the_page(client_of, alice):
    page = client_of(alice).get(reverse(RULES), {"q": "x", "o": "1", "p": "3"}).content.decode()
    panel = page[page.index('id="filter-form"') :]
    assert '<input type="hidden" name="q" value="x">' in panel
    assert '<input type="hidden" name="o" value="1">' in panel
    assert 'name="p"' not in panel
