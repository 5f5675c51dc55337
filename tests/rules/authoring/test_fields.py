"""Whatever keeps, shows, writes or copies a rule agrees with the declaration of its fields: none forgets one."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.utils import timezone

from rules.api.bulk_edit import BulkValuesSerializer
from rules.api.serializers import RuleSerializer
from rules.api.trial import TrialSerializer
from rules.authoring.fields import CHECKED, FIELD_HELP, FIELD_LABELS, RULE_FIELD_OF_NAME, RULE_FIELDS, WRITTEN
from rules.authoring.templates import RULE_TEMPLATES
from rules.lifecycle.bulk_edit import EDITABLE
from rules.lifecycle.copies import clone
from rules.lifecycle.versions import restore
from rules.models import AutomationRule
from rules.pages.forms.bulk_edit import BulkEditForm
from rules.pages.forms.rule import RuleForm
from rules.provisioning.apply import apply
from rules.provisioning.document import FIELD_NAMES, read_text
from rules.provisioning.export import as_document, as_yaml
from tests.rules.rule_cast import rule_of

# A value of each field that is not its default.
EVERYTHING = {
    "rule_name": "All of it", "description": "Why", "status": "paused", "target_integration": "",
    "series_mode": "by", "matchers": ['host=~"web-.*"'], "group_by": ["host"], "series_aggregate": "max",
    "severity": "critical", "applies_to": "everyone", "pending_for": timedelta(minutes=10),
    "keep_firing_for": timedelta(minutes=15), "recovery_threshold": 75, "no_data_policy": "fire",
    "error_policy": "resolve", "repeat_every": timedelta(hours=1), "reducer": "quantile",
    "evaluation_window": timedelta(hours=1), "reducer_parameter": Decimal("0.95"),
    "critical_threshold": 50, "match": "any",
    "more_conditions": [
        {"metric": "cpu", "target": "", "reducer": "last", "window": 0, "operator": ">", "threshold": 90},
        {"metric": "disk", "target": "", "reducer": "predict_linear", "window": 3600, "operator": "<", "threshold": 0,
         "parameter": 14400},
    ],
    "labels": {"team": "db"}, "runbook_url": "https://example.com/", "action_config": {"title": "Low"},
    "metric_type": "cpu", "condition_operator": "<=", "threshold_value": 60, "action_type": "notify",
}  # fmt: skip


# A rule on series chooses them by matchers, so it has no target.
ON_A_TARGET = EVERYTHING | {
    "target_integration": "gmail", "series_mode": "one", "matchers": [], "group_by": [], "series_aggregate": "sum",
}  # fmt: skip
BOTH = pytest.mark.parametrize("everything", [EVERYTHING, ON_A_TARGET], ids=["series", "target"])


def named(fields):
    return {field.name for field in fields}


def values_of(rule, names):
    return {name: getattr(rule, RULE_FIELD_OF_NAME[name].column.attname) for name in names}


def test_every_column_of_a_rule_is_declared():
    assert sorted(RULE_FIELD_OF_NAME) == sorted(field.name for field in AutomationRule._meta.concrete_fields)
    assert len(RULE_FIELD_OF_NAME) == len(RULE_FIELDS)


def test_every_field_that_people_write_has_a_help_text():
    assert named(WRITTEN) == FIELD_HELP.keys()


def test_these_tests_have_a_value_of_every_field_that_people_write():
    assert EVERYTHING.keys() | {"user"} == named(WRITTEN)
    plain = AutomationRule()
    assert [name for name, value in EVERYTHING.items() if value == getattr(plain, name)] == []
    assert ON_A_TARGET["target_integration"] == "gmail"


def test_the_form_has_every_field_with_its_label_and_help():
    assert set(RuleForm.base_fields) == named(field for field in WRITTEN if field.in_form)
    for name, field in RuleForm.base_fields.items():
        assert str(field.help_text).startswith(FIELD_HELP[name]), name
        assert field.label == FIELD_LABELS[name], name


@pytest.mark.django_db
def test_the_page_of_the_form_shows_every_field(rf, olga):
    request = rf.get("/")
    request.user = olga
    page = admin.site._registry[AutomationRule]
    shown = [name for _, part in page.get_fieldsets(request, rule_of(olga)) for name in part["fields"]]
    assert {name for name in shown if not name.startswith("option__")} == set(RuleForm.base_fields)


def test_rest_has_every_field_with_its_help():
    for fields in (RuleSerializer().fields, TrialSerializer().fields):
        own = {name: field for name, field in fields.items() if name in RULE_FIELD_OF_NAME}
        assert {name for name, field in own.items() if not field.read_only} == named(WRITTEN)
        assert {name for name, field in own.items() if field.read_only} == {
            field.name for field in RULE_FIELDS if field.shown and not field.written
        }
        assert [name for name, field in own.items() if name in FIELD_HELP and field.help_text != FIELD_HELP[name]] == [
            "user"
        ]


def test_files_have_every_field_under_one_name():
    assert set(FIELD_NAMES) == {"uid", *(field.file_name for field in WRITTEN)}
    every = [name for field in WRITTEN for name in (field.file_name, *field.aliases)]
    assert len(set(every)) == len(every)


@pytest.mark.django_db
@BOTH
def test_an_export_has_every_field_and_brings_each_into_another_installation(alice, everything):
    rule_of(alice, **everything)
    document = as_document(AutomationRule.objects.all())
    missing = set(FIELD_NAMES) - document["rules"][0].keys()
    assert missing <= ({"target"} if everything is EVERYTHING else {"instances", "matchers", "by", "aggregate"})
    AutomationRule._base_manager.all().delete()
    apply(read_text(as_yaml(document), "rules.yaml"), None, timezone.now())
    found = values_of(AutomationRule.objects.get(), everything)
    assert found | {"target_integration": found["target_integration"] or ""} == everything


@pytest.mark.django_db
@BOTH
def test_a_copy_has_every_field_that_is_copied(alice, everything):
    rule = rule_of(alice, **everything)
    copied = AutomationRule.objects.get(pk=clone(rule, alice, timezone.now()).pk)
    names = named(field for field in RULE_FIELDS if field.copied)
    assert values_of(copied, names) == values_of(rule, names)


@pytest.mark.django_db
@BOTH
def test_a_version_brings_back_every_field_that_is_versioned(alice, everything):
    rule = rule_of(alice, **everything)
    plain = AutomationRule(metric_type="x", condition_operator=">", threshold_value=1, action_type="log")
    names = named(field for field in RULE_FIELDS if field.versioned)
    for name in names:
        setattr(rule, name, getattr(plain, name))
    rule.save()
    restore(rule, 1, alice, timezone.now())
    restored = AutomationRule.objects.get()
    assert values_of(restored, names) == {name: everything[name] for name in names}


def test_bulk_edit_by_page_and_by_rest_have_the_same_fields():
    assert named(field for field in RULE_FIELDS if field.bulk) == set(EDITABLE)
    by_rest = BulkValuesSerializer().fields
    assert {name: field.help_text for name, field in by_rest.items()} == {name: FIELD_HELP[name] for name in EDITABLE}
    assert set(BulkEditForm.base_fields) == {*EDITABLE, "put", "taken"}
    assert [name for name in EDITABLE if BulkEditForm.base_fields[name].label != FIELD_LABELS[name]] == []


def test_templates_fill_in_only_what_people_write():
    assert not {name for template in RULE_TEMPLATES for name in template.fields} - named(WRITTEN)


def test_what_is_checked_is_what_people_write():
    assert set(CHECKED) <= named(WRITTEN)
