"""The editor: every field of a rule, further conditions in rows, drafts, and rules that are kept in a file."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rules.models import AutomationRule, RuleState
from tests.api import Program
from tests.rules.pages.test_rule_form import ADD, CHANGE, PAGE, errors_of, filled
from tests.rules.rule_cast import rule_of, state_of

WHOLE = {
    "reducer": "avg", "evaluation_window": "1h", "critical_threshold": "95", "recovery_threshold": "85.5",
    "pending_for": "3 checks", "keep_firing_for": "10m (2 checks)", "repeat_every": "12 checks", "error_policy": "fire",
    "match": "any", "labels": "team=db\ntier=1", "more_conditions-shown": "1",
}  # fmt: skip
ROW = {"metric": "memory", "target": "", "reducer": "max", "window": "2h", "operator": ">=", "threshold": "80"}
KEPT = {"metric": "memory", "target": "", "reducer": "max", "window": 7200, "operator": ">=", "threshold": 80}


def row(number, **fields):
    return {f"more_conditions-{number}-{name}": value for name, value in (ROW | fields).items()}


def test_every_field_is_kept_and_shown_again(client_of, alice):
    client = client_of(alice)
    assert client.post(reverse(ADD), filled(**WHOLE, **row(3))).status_code == 302
    rule = AutomationRule.objects.get()
    assert (rule.reducer, rule.evaluation_window, rule.match, rule.error_policy) == (
        "avg", timedelta(hours=1), "any", "fire"
    )  # fmt: skip
    assert (float(rule.critical_threshold), float(rule.recovery_threshold)) == (95, 85.5)
    assert (rule.pending_for, rule.keep_firing_for) == (timedelta(minutes=15), timedelta(minutes=10))
    assert rule.repeat_every == timedelta(hours=1)
    assert (rule.labels, rule.more_conditions) == ({"team": "db", "tier": "1"}, [KEPT])
    page = client.get(reverse(CHANGE, args=[rule.pk])).content.decode()
    for shown in ('value="15m (3 checks)"', 'value="10m (2 checks)"', 'value="85.5"', 'value="95"', 'value="2h"'):
        assert shown in page
    assert "team=db\ntier=1" in page


def test_saving_what_is_shown_changes_nothing(client_of, alice):
    client = client_of(alice)
    client.post(reverse(ADD), filled(**WHOLE, **row(0)))
    rule = AutomationRule.objects.get()
    client.post(reverse(CHANGE, args=[rule.pk]), filled(**WHOLE, **row(0)))
    assert rule.history.count() == 1


def test_what_a_program_does_not_send_stays(client_of, alice):
    rule = rule_of(alice, pending_for=timedelta(minutes=15), recovery_threshold=75, more_conditions=[KEPT],
                   labels={"team": "db"}, reducer="avg", evaluation_window=timedelta(hours=1))  # fmt: skip
    sent = filled(metric_type="fusion_score", condition_operator="<", threshold_value="60")
    assert client_of(alice).post(reverse(CHANGE, args=[rule.pk]), sent).status_code == 302
    rule.refresh_from_db()
    assert (rule.pending_for, float(rule.recovery_threshold)) == (timedelta(minutes=15), 75)
    assert (rule.more_conditions, rule.labels, rule.reducer) == ([KEPT], {"team": "db"}, "avg")


def test_what_is_emptied_is_gone(client_of, alice):
    rule = rule_of(alice, pending_for=timedelta(minutes=15), recovery_threshold=75, more_conditions=[KEPT],
                   labels={"team": "db"}, critical_threshold=50)  # fmt: skip
    sent = filled(metric_type="fusion_score", condition_operator="<", threshold_value="60", pending_for="",
                  recovery_threshold="", critical_threshold="", labels="", evaluation_window="",
                  **{"more_conditions-shown": "1"})  # fmt: skip
    assert client_of(alice).post(reverse(CHANGE, args=[rule.pk]), sent).status_code == 302
    rule.refresh_from_db()
    assert (rule.pending_for, rule.recovery_threshold, rule.critical_threshold) == (timedelta(0), None, None)
    assert (rule.more_conditions, rule.labels) == ([], {})


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"recovery_threshold": "95"}, "recovery_threshold", "must be 90 or less, for example 85."),
        ({"critical_threshold": "80"}, "critical_threshold", "must be more than 90, for example 110"),
        ({"recovery_threshold": "many"}, "recovery_threshold", "Not a number"),
        ({"pending_for": "7m"}, "pending_for", "Enter 5m (1 check) or 10m (2 checks)."),
        ({"pending_for": "20m (3 checks)"}, "pending_for", "is ambiguous"),
        ({"keep_firing_for": "soon"}, "keep_firing_for", "is not a duration"),
        ({"reducer": "avg", "evaluation_window": ""}, "evaluation_window", "Enter the window for"),
        ({"reducer": "median"}, "reducer", "median"),
        ({"labels": "team"}, "labels", "“team” is not a label. Example: team=db."),
        ({"labels": "team=a\nteam=b"}, "labels", "Duplicate label"),
        (row(0, threshold="many") | {"more_conditions-shown": "1"}, "more_conditions", "Not a number"),
        (row(0, window="soon") | {"more_conditions-shown": "1"}, "more_conditions", "is not a duration"),
        (row(0, metric="My metric") | {"more_conditions-shown": "1"}, "more_conditions", "not a metric name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_it(client_of, alice, fields, field, message):
    response = client_of(alice).post(reverse(ADD), filled(**fields))
    assert list(errors_of(response)) == [field]
    assert message in errors_of(response)[field][0]
    assert not AutomationRule.objects.exists()


def test_each_row_has_its_own_errors(client_of, alice):
    sent = filled(
        **{"more_conditions-shown": "1"}, **row(0), **row(1, threshold="x", operator="~"), **row(2, metric="")
    )
    page = client_of(alice).post(reverse(ADD), sent).content.decode()
    parts = page.split("data-row-of-condition")[1:4]
    assert "aria-invalid" not in parts[0]
    assert "Not a number" in parts[1]
    assert "is not an operator" in parts[1]
    assert "Enter a metric" in parts[2]


def test_an_empty_row_is_none_and_six_are_too_many(client_of, alice):
    client = client_of(alice)
    empty = row(0, metric="", window="", threshold="")
    client.post(reverse(ADD), filled(**{"more_conditions-shown": "1"}, **empty))
    assert AutomationRule.objects.get().more_conditions == []
    six = {name: value for number in range(6) for name, value in row(number).items()}
    response = client.post(reverse(ADD), filled(**{"more_conditions-shown": "1"}, **six))
    assert "at most 5 further conditions; 6 were given" in errors_of(response)["more_conditions"][0]


def test_rows_are_added_and_removed_without_scripts(client_of, alice):
    client = client_of(alice)
    sent = filled(**{"more_conditions-shown": "1"}, **row(0), rule_name="")
    page = client.post(reverse(ADD), sent | {"_add_condition": "1"})
    assert not errors_of(page)
    assert 'name="more_conditions-1-metric"' in page.content.decode()
    page = client.post(reverse(ADD), sent | {"_remove_condition": "0"}).content.decode()
    assert 'name="more_conditions-0-metric"' not in page
    assert not AutomationRule.objects.exists()


def test_the_preview_without_scripts(client_of, alice):
    page = client_of(alice).post(reverse(ADD), filled(**WHOLE, **row(0)) | {"_preview": "1"})
    text = page.content.decode()
    assert "When the average of the cpu of Alice over 1 hour is above 90" in text
    assert "In the last 7 days this rule would not have fired." in text
    assert not errors_of(page)
    assert not AutomationRule.objects.exists()


@pytest.mark.parametrize("junk", ["text", {"a": 1}, [None, 3, {"metric": ["x"]}, {"window": "1h", "threshold": {}}], 7])
def test_what_another_program_left_is_shown_as_far_as_it_can_be_read(client_of, alice, junk):
    rule = rule_of(alice, more_conditions=junk, labels={"value": [1]}, pending_for=timedelta(minutes=7))
    client = client_of(alice)
    assert client.get(reverse(CHANGE, args=[rule.pk])).status_code == 200
    assert client.get(reverse(PAGE, args=[rule.pk])).status_code == 200
    program = Program(alice)
    assert isinstance(program.get(f"rules/{rule.pk}/")["more_conditions"], list)
    assert program.patch(f"rules/{rule.pk}/", {"rule_name": "New"})["rule_name"] == "New"
    rule.refresh_from_db()
    assert rule.more_conditions == junk


# -- drafts ------------------------------------------------------------------------------------------


def test_a_draft_is_saved_says_what_it_is_and_is_published(client_of, alice, now):
    client = client_of(alice)
    made = client.post(reverse(ADD), filled(_draft="1"), follow=True)
    assert " It is a draft: it is evaluated, but no action runs until you publish it." in made.content.decode()
    rule = AutomationRule.objects.get()
    assert rule.status == "draft"
    state_of(rule, now)
    page = client.get(reverse(CHANGE, args=[rule.pk])).content.decode()
    assert "This is a draft." in page
    assert 'name="_publish"' in page
    assert 'name="_draft"' in page
    client.post(reverse(CHANGE, args=[rule.pk]), filled(_draft="1", threshold_value="80"))
    rule.refresh_from_db()
    assert (rule.status, float(rule.threshold_value)) == ("draft", 80)
    client.post(reverse(CHANGE, args=[rule.pk]), filled(_publish="1", threshold_value="80"))
    rule.refresh_from_db()
    assert rule.status == "active"
    assert not RuleState.objects.filter(rule=rule).exists()


def test_pressing_enter_in_a_draft_keeps_it_one(client_of, alice):
    rule = rule_of(alice, status="draft")
    client_of(alice).post(reverse(CHANGE, args=[rule.pk]), filled())
    rule.refresh_from_db()
    assert rule.status == "draft"


def test_a_rule_in_use_is_not_made_a_draft_by_its_form(client_of, alice):
    rule = rule_of(alice)
    client = client_of(alice)
    page = client.get(reverse(CHANGE, args=[rule.pk])).content.decode()
    assert 'name="_draft"' not in page
    assert '<option value="draft">' not in page
    client.post(reverse(CHANGE, args=[rule.pk]), filled(_draft="1"))
    rule.refresh_from_db()
    assert rule.status == "active"


# -- rules in files ----------------------------------------------------------------------------------


def test_a_rule_kept_in_a_file_is_shown_and_not_changed(client_of, alice):
    rule = rule_of(alice, provisioned_by="rules/production.yaml", more_conditions=[KEPT], labels={"team": "db"})
    client = client_of(alice)
    page = client.get(reverse(CHANGE, args=[rule.pk])).content.decode()
    assert "This rule is managed by the file rules/production.yaml." in page
    assert "team=db" in page
    assert 'name="_save"' not in page
    assert client.post(reverse(CHANGE, args=[rule.pk]), filled()).status_code == 403
    delete = reverse("admin:rules_automationrule_delete", args=[rule.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    rule.refresh_from_db()
    assert rule.rule_name == "Fusion score too low"


@pytest.mark.parametrize(("method", "body"), [("patch", {"rule_name": "New"}), ("put", {}), ("delete", None)])
def test_nor_by_rest(alice, method, body):
    rule = rule_of(alice, provisioned_by="rules/production.yaml")
    error = getattr(Program(alice), method)(f"rules/{rule.pk}/", body, status=403)
    assert error == {
        "detail": ["This rule is managed by the file rules/production.yaml. Edit the file and apply it again."]
    }
    assert AutomationRule.objects.get().rule_name == "Fusion score too low"


def test_an_auditor_reads_the_form_as_text(client_of, audra, alice):
    rule = rule_of(alice, action_config={"title": "Look"}, more_conditions=[KEPT])
    page = client_of(audra).get(reverse(CHANGE, args=[rule.pk])).content.decode()
    assert "title: Look" in page
    assert 'name="_save"' not in page
