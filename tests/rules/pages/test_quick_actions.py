"""Alerts acknowledged, snoozed and taken in one step, from the list, the notification, the bell and the entry."""

import pytest
from django.utils import timezone

from notifications.models import Notification
from rules.models import MetricSample, RuleState
from rules.text.entry import entry_in_words
from tests.rules.rule_cast import entry_of, rule_of, state_of


@pytest.fixture
def told(alice, bob):
    """A notification about two alerts of Alice's rule, one about herself, one about Bob; and their entries."""
    now = timezone.now()
    rule = rule_of(alice, applies_to="everyone", critical_threshold=45)
    states = [state_of(rule, now, user=alice), state_of(rule, now, user=bob, value=33.2, critical=True)]
    entries = [entry_of(rule, now, state_id=state.pk) for state in states]
    instances = [{"entry": str(entry.pk)} for entry in entries]
    return Notification.objects.create(
        user=alice, rule=rule, type="alert", title="Low (2 instances)", message="M",
        metadata={"entry": str(entries[0].pk), "count": 2, "instances": instances},
    )  # fmt: skip


def test_from_the_list_of_alerts_and_back_to_it(client_of, alice, bob, told):
    client, state = client_of(alice), RuleState.objects.get(user=alice)
    MetricSample.objects.push(user=alice, metric="fusion_score", value=61.5, observed_at=timezone.now())
    page = client.get("/firing/").content.decode()
    button = f"/firing/{state.pk}/quick/acknowledge/"
    assert f'formaction="{button}"' in page
    assert "<b>33.2</b> critical below 45" in page
    assert "<b>61.5</b>" in page
    answer = client.post(button, HTTP_REFERER="http://testserver/firing/?severity=high", follow=True)
    assert answer.redirect_chain == [("http://testserver/firing/?severity=high", 302)]
    assert "Acknowledged 1 alert." in answer.content.decode()
    client.post(f"/firing/{state.pk}/quick/take/")
    state.refresh_from_db()
    assert (state.handling, state.handled_by, state.assignee) == ("acknowledged", alice, alice)
    assert "Nothing changed" in client.post(button, follow=True).content.decode()
    assert client_of(bob).post(button).status_code == 404
    assert client.post(f"/firing/{state.pk}/quick/explode/").status_code == 404


def test_a_notification_about_many_links_each_and_acknowledges_all_of_them_in_place(client_of, alice, bob, told):
    client = client_of(alice)
    page = client.get(f"/notifications/{told.pk}/change/").content.decode()
    assert all(f"/firing/{state.pk}/" in page for state in RuleState.objects.all())
    button = f"/notifications/{told.pk}/alerts/acknowledge/"
    unnamed = state_of(told.rule, timezone.now(), user=alice, target="gmail", last_notified_at=timezone.now())
    assert button in client.get("/notifications/panel/").content.decode()
    panel = client.post(button, HTTP_X_PANEL="1").content.decode()
    assert "Acknowledged 3 alerts." in panel
    assert unnamed.rule.states.filter(handling="open").count() == 0
    assert button not in panel
    assert set(RuleState.objects.values_list("handling", "handled_by")) == {("acknowledged", alice.pk)}
    assert client_of(bob).post(button).status_code == 404


def test_the_entry_offers_it_and_who_may_only_look_is_offered_nothing(client_of, alice, audra, told):
    entry = f"/activity/{told.metadata['entry']}/change/"
    state = RuleState.objects.get(user=alice)
    assert f"/firing/{state.pk}/quick/snooze/" in client_of(alice).get(entry).content.decode()
    for address in (entry, "/firing/"):
        assert "/quick/" not in client_of(audra).get(address).content.decode()
    assert client_of(audra).post(f"/firing/{state.pk}/quick/snooze/").status_code == 403


@pytest.mark.parametrize(
    ("event", "value", "words"),
    [
        ("rule_escalated", 33.2, "The fusion score is 33.2: critical below 45."),
        ("rule_repeated", 33.2, "The fusion score is 33.2: still critical below 45."),
        ("rule_repeated", 60, "The fusion score is 60: still below 70."),
    ],
)
def test_an_entry_says_which_threshold_was_crossed(alice, event, value, words):
    entry = entry_of(rule_of(alice), timezone.now(), event_type=event)
    entry.context |= {"value": value, "critical": 45}
    assert entry_in_words(entry) == words
