"""The page of an escalation policy says exactly what is so while alerts fire."""

import pytest

from notifications.escalations.counts import Standing, standing_of
from notifications.models import Escalation, EscalationPolicy
from tests.notifications.outside import START
from tests.rules.rule_cast import rule_of, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(olga):
    return EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 60, "to": ["owner"]}])


def course(state, policy, status):
    Escalation.objects.create(
        policy=policy, policy_name=policy.name, rule=state.rule, state=state, entry_id=state.pk, episode=state.episode,
        steps=policy.steps, repeats=0, title="CPU", message="m", severity="high", status=status, due_at=START,
    )  # fmt: skip


def page_of(client_of, user, policy):
    return client_of(user).get(f"/escalation/{policy.pk}/").content.decode()


def test_fifteen_that_fire_are_counted_by_how_they_stand(client_of, alice, olga, policy):
    named = rule_of(alice, rule_name="CPU", action_config={"escalation": "Nights"})
    other = rule_of(alice, rule_name="Disk", action_config={})
    another = rule_of(alice, rule_name="Fan", action_config={"escalation": "Days"})
    states = [state_of(named, START, target=f"t{n}") for n in range(6)]
    course(states[0], policy, "running")
    course(states[1], policy, "finished")
    for state, handling in zip(states[2:4], ("acknowledged", "snoozed"), strict=True):
        state.handling = handling
        state.save()
    for n in range(9):
        state_of(other, START, target=f"o{n}")
    state_of(another, START)
    state_of(named, START, "ok", target="quiet")
    assert standing_of(policy, olga) == Standing(
        firing=6, acknowledged=1, snoozed=1, waiting=1, finished=1, without=2, no_policy=9
    )
    page = page_of(client_of, olga, policy)
    assert "6 alerts of rules with this policy are firing: 1 waits for the next step, 1 has completed" in page
    assert "1 is acknowledged, 1 is snoozed, 2 are open without an escalation." in page
    assert "9 alerts are firing whose rules have no escalation policy." in page
    assert "whatever fires is acknowledged" not in page


def test_an_escalation_of_an_earlier_episode_is_none_of_this_one(alice, olga, policy):
    state = state_of(rule_of(alice, action_config={"escalation": "Nights"}), START, episode=1)
    course(state, policy, "finished")
    state.episode = 2
    state.save()
    assert standing_of(policy, olga) == Standing(firing=1, without=1)


def test_where_nothing_fires_that_is_said_and_no_more(client_of, olga, policy):
    page = page_of(client_of, olga, policy)
    assert "No alert of rules with this policy is firing." in page
    assert "No escalation is in progress." in page


def test_nobody_is_told_of_alerts_that_they_may_not_see(alice, bob, policy):
    state_of(rule_of(alice, action_config={"escalation": "Nights"}), START)
    assert standing_of(policy, bob) == Standing()
