"""Options of the old application and of other programs stay as they are, and stop no edit of another field."""

from functools import reduce
from html import unescape

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from rules.lifecycle.bulk_edit import Edit, edit_together
from rules.lifecycle.copies import clone
from rules.lifecycle.versions import restore
from rules.models import AutomationRule
from rules.provisioning.apply import apply
from rules.provisioning.document import read_text
from rules.provisioning.export import as_document, as_yaml
from rules.provisioning.plan import make_plan
from tests.api import Program
from tests.rules.pages.test_rule_form import CHANGE, PAGE, errors_of, filled
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db
THEIRS = [
    ("alert", {"severity": "high", "channel": "system"}),
    ("notify", {"recipients": ["admin"], "priority": "medium"}),
    ("optimize", {"optimization_type": "auto", "target_metric": "efficiency_index"}),
    ("optimize", {"optimization_type": "immediate"}),
    ("alert", {"severity": "whatever", "webhook": {"url": "https://example.com"}, "title": "Look"}),
    ("notify", {"recipients": "gone@example.com, sailors"}),
    ("adjust", {"parameter": "colour", "by": 3}),
    ("log", {"level": "info"}),
    ("adjust", {}),
    ("alert", [1, 2]),
    ("alert", "as you like"),
    ("notify", '{"recipients": ["admin"]}'),
    ("notify", reduce(lambda inner, _: [inner], range(200), ["admin"])),
    ("notify", {"title": ["a"], "message": {"x": 1}, "recipients": [["admin"], None, True]}),
    ("alert", {"severity": 3, "channel": ["system", "email"], "priority": None}),
]
each_of_theirs = pytest.mark.parametrize(("action", "config"), THEIRS)


def stored(rule):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT action_config = %s::jsonb FROM automation_rules WHERE id = %s", [WRITTEN[rule.pk], rule.pk]
        )
        return cursor.fetchone()[0]


WRITTEN = {}


def made(user, action, config):
    """A rule as the old application has written it."""
    rule = rule_of(user, action_type=action, action_config=config)
    with connection.cursor() as cursor:
        cursor.execute("SELECT action_config::text FROM automation_rules WHERE id = %s", [rule.pk])
        WRITTEN[rule.pk] = cursor.fetchone()[0]
    return AutomationRule.objects.get(pk=rule.pk)


@each_of_theirs
def test_rest_changes_another_field(alice, action, config):
    rule = made(alice, action, config)
    program = Program(alice)
    for change in ({"status": "paused"}, {"status": "active"}, {"threshold_value": 65}, {"severity": "critical"}):
        program.patch(f"rules/{rule.pk}/", change)
        assert stored(rule)
    program.put(f"rules/{rule.pk}/", program.get(f"rules/{rule.pk}/"))
    program.post(f"rules/{rule.pk}/pause/")
    rule.refresh_from_db()
    assert rule.severity == "critical"


@each_of_theirs
def test_the_form_changes_another_field(client_of, alice, action, config):
    rule = made(alice, action, config)
    client = client_of(alice)
    page = client.get(reverse(CHANGE, args=[rule.pk]))
    form = page.context["adminform"].form
    options = {
        name: form[name].value()
        for name in form.fields
        if name.startswith("option__") and form[name].value() is not None
    }
    response = client.post(
        reverse(CHANGE, args=[rule.pk]), filled(rule_name="Renamed", action_type=action, metric_type="cpu", **options)
    )
    assert response.status_code == 302, errors_of(response)
    rule.refresh_from_db()
    assert (rule.rule_name, stored(rule)) == ("Renamed", True)


@each_of_theirs
def test_bulk_edit_copy_and_versions_keep_them(alice, action, config):
    rule = made(alice, action, config)
    now = timezone.now()
    (done,) = edit_together(AutomationRule.objects.filter(pk=rule.pk), Edit(values={"severity": "low"}), alice, now)
    assert (done.refused, stored(rule)) == ({}, True)
    copied = clone(rule, alice, now)
    WRITTEN[copied.pk] = WRITTEN[rule.pk]
    assert stored(copied)
    assert restore(rule, 1, alice, now)
    assert stored(rule)


@each_of_theirs
def test_what_is_exported_is_planned_and_applied_also_with_another_field_changed(alice, action, config):
    rule = made(alice, action, config)
    text = as_yaml(as_document(AutomationRule.objects.all()))
    for changed in (text, text.replace("threshold: 70", "threshold: 60")):
        document = read_text(changed, "rules.yaml")
        assert [str(problem) for problem in make_plan(document, alice).problems] == []
        apply(document, alice, timezone.now(), adopt=True)
        assert stored(rule)


def test_new_options_that_nobody_knows_are_refused_and_kept_ones_can_be_changed(alice):
    rule = made(alice, "alert", {"webhook": "a", "channel": "system"})
    program = Program(alice)
    wrong = program.patch(f"rules/{rule.pk}/", {"action_config": {"webhook": "a", "titel": "x"}}, status=400)
    assert "Unknown option" in wrong["action_config.titel"][0]
    program.patch(f"rules/{rule.pk}/", {"action_config": {"webhook": "b", "title": "Look"}})
    rule.refresh_from_db()
    assert rule.action_config == {"webhook": "b", "title": "Look"}


def test_severity_in_the_options_is_the_severity_of_the_rule(alice):
    program = Program(alice)
    body = {"rule_name": "Low", "metric_type": "cpu", "condition_operator": "<", "threshold_value": 7}
    made = program.post("rules/", body | {"action_type": "notify", "action_config": {"priority": "urgent"}}, status=201)
    assert made["severity"] == "critical"
    own = program.patch(f"rules/{made['id']}/", {"action_config": {"priority": "low"}, "severity": "high"})
    assert own["severity"] == "high"
    wrong = program.patch(f"rules/{made['id']}/", {"action_config": {"priority": "awful"}}, status=400)
    assert "“awful” is not one of" in wrong["action_config.priority"][0]


def test_the_pages_show_them(client_of, alice):
    rule = made(alice, "alert", {"webhook": "https://hooks.example.com/<b>"})
    for name in (CHANGE, PAGE):
        page = client_of(alice).get(reverse(name, args=[rule.pk])).content.decode()
        assert "https://hooks.example.com/&lt;b&gt;" in page


def test_an_option_that_is_no_text_is_shown_as_json(client_of, alice):
    rule = made(alice, "alert", {"dashboard": {"panel": 4, "tags": ["a", True, None]}})
    for name in (CHANGE, PAGE):
        text = unescape(client_of(alice).get(reverse(name, args=[rule.pk])).content.decode())
        assert '{"panel": 4, "tags": ["a", true, null]}' in text


def test_no_options_at_all_stay_none_when_another_field_changes(client_of, alice):
    rule = rule_of(alice, action_type="log", action_config={})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE automation_rules SET action_config = NULL")
    Program(alice).patch(f"rules/{rule.pk}/", {"threshold_value": 65})
    changed = filled(threshold_value="66", action_type="log")
    assert client_of(alice).post(reverse(CHANGE, args=[rule.pk]), changed).status_code == 302
    document = as_yaml(as_document(AutomationRule.objects.all(), "a.yaml")).replace("threshold: 66", "threshold: 67")
    apply(read_text(document), None, timezone.now(), owner=alice, adopt=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT action_config::text, threshold_value FROM automation_rules")
        assert cursor.fetchone() == (None, 67)


@pytest.mark.parametrize(
    "wrong",
    [
        "threshold_value = 'NaN'",
        "critical_threshold = 'NaN'",
        "recovery_threshold = 'NaN'",
        "reducer = 'median'",
        "metric_type = ''",
    ],
)
def test_a_condition_that_cannot_be_evaluated_stops_no_edit_of_another_field(alice, wrong):
    rule = rule_of(alice, action_type="log")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"UPDATE automation_rules SET {wrong}")
    program = Program(alice)
    for change in ({"status": "paused"}, {"status": "active"}, {"severity": "critical"}, {"rule_name": "Mended"}):
        program.patch(f"rules/{rule.pk}/", change)
    assert AutomationRule.objects.get().rule_name == "Mended"
    program.patch(
        f"rules/{rule.pk}/",
        {
            "threshold_value": 70,
            "metric_type": "cpu",
            "condition_operator": ">",
            "reducer": "last",
            "critical_threshold": None,
            "recovery_threshold": None,
        },
    )
    assert AutomationRule.objects.get().threshold_value == 70
