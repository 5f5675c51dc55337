"""The form of a rule: made, changed, refused in words."""

import pytest
from django.urls import reverse

from rules.models import AutomationRule, MetricSample
from tests.rules.rule_cast import rule_of

ADD, CHANGE, PAGE, PREVIEW = (f"admin:rules_automationrule_{name}" for name in ("add", "change", "page", "preview"))


def filled(**fields):
    return {
        "rule_name": "CPU too high", "metric_type": "cpu", "target_integration": "", "condition_operator": ">",
        "threshold_value": "90", "action_type": "alert", "severity": "high", "repeat_every": "30m",
        "no_data_policy": "keep", "status": "active", "runbook_url": "", "description": "",
    } | fields  # fmt: skip


def errors_of(response):
    return response.context["adminform"].form.errors


def test_a_member_makes_a_rule_of_their_own(client_of, alice):
    response = client_of(alice).post(reverse(ADD), filled(option__alert__title="Look at this"))
    rule = AutomationRule.objects.get()
    assert response.headers["Location"] == reverse(PAGE, args=[rule.pk])
    assert (rule.user, rule.action_config) == (alice, {"title": "Look at this"})
    assert rule.repeat_every.total_seconds() == 1800
    assert rule.history.get().history_user == alice


def test_the_owner_is_not_a_members_to_choose(client_of, alice, bob):
    client = client_of(alice)
    page = client.get(reverse(ADD))
    assert "user" not in page.context["adminform"].form.fields
    client.post(reverse(ADD), filled(user=bob.pk, applies_to="everyone"))
    rule = AutomationRule.objects.get()
    assert (rule.user, rule.applies_to) == (alice, "owner")


def test_an_operator_makes_a_rule_on_everyone_for_somebody(client_of, olga, bob):
    client_of(olga).post(reverse(ADD), filled(user=bob.pk, applies_to="everyone"))
    rule = AutomationRule.objects.get()
    assert (rule.user, rule.applies_to) == (bob, "everyone")


def test_a_member_cannot_keep_their_rule_on_everyone(client_of, alice):
    rule = rule_of(alice, applies_to="everyone")
    response = client_of(alice).post(reverse(CHANGE, args=[rule.pk]), filled(applies_to="everyone"))
    assert "Only operators" in errors_of(response)["applies_to"][0]
    client_of(alice).post(reverse(CHANGE, args=[rule.pk]), filled(applies_to="owner"))
    rule.refresh_from_db()
    assert rule.applies_to == "owner"


def test_an_auditor_cannot_make_rules(client_of, audra):
    assert client_of(audra).get(reverse(ADD)).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rule_name", "", "Enter a name"),
        ("metric_type", "", "Enter a metric"),
        ("metric_type", "My metric!", "is not a metric name"),
        ("threshold_value", "", "Enter a threshold"),
        ("threshold_value", "70,5", "with a decimal point"),
        ("action_type", "explode", "is not an available action"),
        ("repeat_every", "soon", "is not a duration"),
        ("repeat_every", "-4h", "is not a duration"),
        ("runbook_url", "javascript:alert(1)", "Invalid URL"),
    ],
)
def test_bad_input_is_refused_in_words(client_of, alice, field, value, message):
    response = client_of(alice).post(reverse(ADD), filled(**{field: value}))
    assert response.status_code == 200
    assert message in errors_of(response)[field][0]
    assert not AutomationRule.objects.exists()


def test_a_threshold_outside_the_scale(client_of, alice):
    response = client_of(alice).post(reverse(ADD), filled(metric_type="fusion_score", threshold_value="120"))
    assert "Fusion score is never above 100" in errors_of(response)["threshold_value"][0]


def test_only_the_options_of_the_chosen_action_count(client_of, alice):
    fields = {"option__alert__title": "x" * 300, "option__log__note": "seen"}
    client = client_of(alice)
    refused = client.post(reverse(ADD), filled(**fields))
    assert "option__alert__title" in errors_of(refused)
    client.post(reverse(ADD), filled(action_type="log", **fields))
    assert AutomationRule.objects.get().action_config == {"note": "seen"}


def test_the_form_shows_what_is_stored(client_of, alice):
    rule = rule_of(alice, action_config={"title": "Look"}, threshold_value="70.5000")
    page = client_of(alice).get(reverse(CHANGE, args=[rule.pk])).content.decode()
    assert 'value="Look"' in page
    assert 'value="70.5"' in page
    assert 'value="4h"' in page


def test_options_of_another_program_survive(client_of, alice):
    rule = rule_of(alice, action_config={"title": "Look", "channels": ["sms"]})
    client_of(alice).post(reverse(CHANGE, args=[rule.pk]), filled(option__alert__title="See"))
    rule.refresh_from_db()
    assert rule.action_config == {"title": "See", "channels": ["sms"]}


def test_saving_makes_a_version_unless_nothing_changed(client_of, alice):
    client = client_of(alice)
    client.post(reverse(ADD), filled())
    rule = AutomationRule.objects.get()
    client.post(reverse(CHANGE, args=[rule.pk]), filled())
    assert rule.history.count() == 1
    client.post(reverse(CHANGE, args=[rule.pk]), filled(threshold_value="95"))
    assert rule.history.count() == 2


def test_a_member_cannot_open_the_form_of_somebody_elses_rule(client_of, alice, bob):
    rule = rule_of(alice)
    response = client_of(bob).get(reverse(CHANGE, args=[rule.pk]))
    assert response.status_code in (302, 404)
    assert client_of(bob).post(reverse(CHANGE, args=[rule.pk]), filled()).status_code in (302, 403, 404)
    rule.refresh_from_db()
    assert rule.rule_name == "Fusion score too low"


def test_known_metrics_are_offered(client_of, alice, now):
    MetricSample.objects.push(user=alice, metric="queue_depth", value=1, observed_at=now)
    page = client_of(alice).get(reverse(ADD)).content.decode()
    assert '<option value="fusion_score">' in page
    assert '<option value="queue_depth">' in page


def test_the_reading_beside_the_form(client_of, alice, time_machine, now):
    time_machine.move_to(now, tick=False)
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=now)
    client = client_of(alice)
    page = client.post(reverse(PREVIEW), filled(rule_name="")).content.decode()
    assert "Would fire now" in page
    assert "The cpu of Alice is 95: above 90." in page
    assert "Enter a metric" in client.post(reverse(PREVIEW), filled(threshold_value="")).content.decode()
    too_high = filled(metric_type="fusion_score", threshold_value="120")
    assert "never above 100" in client.post(reverse(PREVIEW), too_high).content.decode()
    assert "No reading" in client.post(reverse(PREVIEW), filled(metric_type="memory")).content.decode()
    assert not AutomationRule.objects.exists()


def test_a_member_gets_no_reading_of_everyone(client_of, alice, bob, now):
    page = client_of(alice).post(reverse(PREVIEW), filled(applies_to="everyone", user=bob.pk)).content.decode()
    assert "Bob" not in page
    assert "people" not in page


def test_errors_are_links_at_the_top_and_an_administrators_rule_is_for_everyone_at_first(client_of, ada, alice):
    page = client_of(ada).post(reverse(ADD), filled(rule_name="", user=ada.pk)).content.decode()
    assert '<a href="#id_rule_name" class="underline">' in page
    for given, watched in (({}, "everyone"), ({"user": alice.pk}, "owner")):
        form = client_of(ada).get(reverse(ADD), given).context["adminform"].form
        assert form["applies_to"].value() == watched
