"""What fires, on the overview: by rule, the worst first, to be acknowledged there."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import ActivityEntry, RuleState
from tests.rules.rule_cast import rule_of, state_of

MINUTE = timedelta(minutes=1)


def firing(client):
    found = client.get("/").context["firing"]
    return [(str(one.rule), one.severity, one.alerts, one.unacknowledged) for one in found.rules], found.more


@pytest.fixture
def night(alice, bob):
    """Five medium alerts are the newest; three of one critical rule are older, and another is acknowledged."""
    now = timezone.now()
    for number in range(5):
        state_of(rule_of(alice, rule_name=f"Medium {number}", severity="medium"), now - number * MINUTE)
    seen = rule_of(alice, rule_name="Seen", severity="critical")
    state_of(seen, now - MINUTE, handling="acknowledged")
    rule = rule_of(alice, rule_name="Critical", severity="critical", applies_to="everyone")
    for number, person in enumerate((alice, bob, alice)):
        state_of(rule, now - timedelta(hours=number + 1), user=person, target=f"t{number}")
    return rule


def test_the_worst_rules_are_named_with_how_many_alerts_and_how_many_rules_more(client_of, alice, night):
    rows, more = firing(client_of(alice))
    assert rows == [("Critical", "critical", 3, 3)] + [(f"Medium {n}", "medium", 1, 1) for n in range(4)]
    assert more == 2
    page = client_of(alice).get("/").content.decode()
    assert "2 more alerts of this rule" in page
    assert "2 more rules with firing alerts" in page


def test_a_low_rule_past_its_critical_threshold_is_critical_and_says_which_threshold(client_of, alice, night):
    rule = rule_of(alice, rule_name="Low", severity="low", critical_threshold=45)
    state_of(rule, timezone.now(), value=33.2, critical=True)
    rows, _ = firing(client_of(alice))
    assert rows[0] == ("Low", "critical", 1, 1)
    assert "Fusion score is 33.2: critical below 45" in client_of(alice).get("/").content.decode()


def test_one_alert_leads_to_itself_and_many_to_the_list(client_of, alice, night):
    critical, medium = client_of(alice).get("/").context["firing"].rules[:2]
    state = RuleState.objects.get(rule=medium.rule)
    assert medium.link == reverse("admin:rules_rulestate_page", args=[state.pk])
    shown = client_of(alice).get(critical.link).context["cl"].result_list
    assert {one.rule for one in shown} == {night}
    assert len(shown) == 3


def test_acknowledged_from_the_overview_in_one_step(client_of, alice, night):
    client = client_of(alice)
    button = reverse("admin:rules_rulestate_acknowledge_rule", args=[night.pk])
    assert f'action="{button}"' in client.get("/").content.decode()
    page = client.post(button, {"next": "/"}, follow=True)
    assert page.redirect_chain == [("/", 302)]
    assert "Acknowledged: 3 instances." in page.content.decode()
    assert set(night.states.values_list("handling", "handled_by")) == {("acknowledged", alice.pk)}
    assert ActivityEntry.objects.filter(event_type="instance_acknowledged", rule=night).count() == 3
    rows, more = firing(client)
    assert rows[0][0] == "Medium 0"
    assert more == 2
    again = client.post(button, {"next": "https://evil.example/"}, follow=True)
    assert again.redirect_chain == [("/", 302)]
    assert ActivityEntry.objects.filter(event_type="instance_acknowledged", rule=night).count() == 3


def test_who_may_only_look_is_offered_no_button_and_a_stranger_acknowledges_nothing(client_of, audra, bob, night):
    button = reverse("admin:rules_rulestate_acknowledge_rule", args=[night.pk])
    assert button not in client_of(audra).get("/").content.decode()
    assert client_of(audra).post(button).status_code == 403
    client_of(bob).post(button)
    assert set(night.states.values_list("handling", flat=True)) == {"open"}


def test_nothing_fires(client_of, alice):
    rule_of(alice)
    assert firing(client_of(alice)) == ([], 0)
    assert "No firing alerts." in client_of(alice).get("/").content.decode()


def test_the_wall_display_has_no_navigation_and_nothing_to_click(client_of, alice, night):
    page = client_of(alice).get("/?wall").content.decode()
    assert page.index("Critical") < page.index("Medium 0")
    assert "1\u00a0h" in page
    assert not any(f"<{part}" in page for part in ("a ", "button", "form", "nav"))
    RuleState.objects.update(condition="ok")
    assert "No firing alerts" in client_of(alice).get("/?wall").content.decode()
