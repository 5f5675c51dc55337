"""What is exported is the same rules: written, read back, applied, written again."""

import string
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rules.authoring.conditions import stored
from rules.authoring.fields import CHECKED, WRITTEN
from rules.authoring.validation import validate
from rules.engine.conditions import WITHOUT_WINDOW, Match, Operator, Reducer
from rules.engine.label_matchers import LabelMatcher
from rules.engine.series_choice import SeriesAggregate, SeriesMode
from rules.models import AutomationRule
from rules.models.rule import Severity
from rules.provisioning.apply import apply
from rules.provisioning.document import read_text
from rules.provisioning.export import as_document, as_yaml
from rules.provisioning.plan import make_plan
from rules.provisioning.yaml_text import dump, load
from tests.examples import examples

NOW = timezone.now()
# Everything that PostgreSQL and YAML can hold.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
tricky = st.sampled_from(
    [
        "on",
        "yes",
        "12:30",
        "1e5",
        "0o17",
        "007",
        "null",
        "~",
        "=",
        ">",
        "- a",
        "# no",
        "a: b",
        " lead",
        "trail ",
        "two\nlines",
        "\n\nlead",
        "tab\t",
        "2026-03-02",
        "<<",
        "1_000",
        ".inf",
        "",
        "a\n  b\n",
        "x\n\n\n",
        "\u2028",
        "\x85",
        "“”",
        "!tag",
        "*star",
        "&and",
        "%",
        "@",
        "`",
    ]
)
anything = texts | tricky
ticks = st.integers(0, 40).map(lambda n: n * timedelta(minutes=5))
numbers = st.decimals(-(10**6), 10**6, places=4, allow_nan=False) | st.integers(-(10**15), 10**15).map(Decimal)
label_names = st.text(string.ascii_letters, min_size=1, max_size=8)
label_values = anything.filter(lambda text: text.strip() and not set(text) & set(",\n\r"))
matchers = st.lists(
    st.builds(LabelMatcher, label_names, st.sampled_from(["=", "!="]), anything).map(str)
    | st.just('host=~"web-[0-9]+|db"'),
    unique=True,
    max_size=3,
)
windows = st.integers(1, 300).map(lambda n: n * timedelta(minutes=5))


# Of the reducers that have one; what is absent or not is 1 or 0.
parameters = {"quantile": st.decimals(0, 1, places=4), "predict_linear": st.integers(0, 10**6).map(Decimal)}
reducers = st.sampled_from([reducer for reducer in Reducer.values if reducer != "absent"])


@st.composite
def conditions(draw):
    reducer = draw(reducers)
    return stored(
        {
            "metric": draw(st.sampled_from(["cpu", "queue_depth", "a:b.c-d"])),
            "target": draw(st.sampled_from(["", "db-1"])),
            "reducer": reducer,
            "window": draw(windows) if reducer not in WITHOUT_WINDOW else timedelta(0),
            "parameter": draw(parameters.get(reducer, st.none())),
            "operator": draw(st.sampled_from(Operator.values)),
            "threshold": draw(numbers),
        }
    )


@st.composite
def fields(draw):
    reducer, operator = draw(reducers), draw(st.sampled_from(Operator.values))
    threshold = draw(numbers)
    side = {"<": 1, "<=": 1, ">": -1, ">=": -1}.get(operator)
    mode = draw(st.sampled_from(SeriesMode.values))
    one = mode == "one"
    more = [each if one else each | {"target": ""} for each in draw(st.lists(conditions(), max_size=3))]
    beside = st.none() if side is None else st.none() | st.integers(1, 9).map(lambda n: threshold + side * n)
    return {
        "rule_name": draw(anything.filter(lambda text: text.strip())),
        "description": draw(st.none() | anything),
        "status": draw(st.sampled_from(AutomationRule.Status.values)),
        "severity": draw(st.sampled_from(Severity.values)),
        "labels": draw(st.dictionaries(label_names, label_values, max_size=3)),
        "runbook_url": draw(st.none() | st.just("https://example.com/what#to-do")),
        "applies_to": draw(st.sampled_from(AutomationRule.AppliesTo.values)),
        "metric_type": draw(st.sampled_from(["cpu", "x_y"])),
        "target_integration": draw(st.none() | st.sampled_from(["", "db-1", "12:30", "on"])) if one else "",
        "series_mode": mode,
        "matchers": [] if one else draw(matchers),
        "group_by": draw(st.lists(label_names, unique=True, max_size=3)) if mode == "by" else [],
        "series_aggregate": draw(st.sampled_from(SeriesAggregate.values)),
        "reducer": reducer,
        "evaluation_window": draw(windows) if reducer not in WITHOUT_WINDOW else timedelta(0),
        "reducer_parameter": draw(parameters.get(reducer, st.none())),
        "condition_operator": operator,
        "threshold_value": threshold,
        "recovery_threshold": draw(beside),
        "critical_threshold": None if side is None else draw(st.none() | st.just(threshold - side)),
        "more_conditions": more,
        "match": draw(st.sampled_from(Match.values)),
        "pending_for": draw(ticks),
        "keep_firing_for": draw(ticks),
        "repeat_every": draw(ticks),
        "no_data_policy": draw(st.sampled_from(AutomationRule.NoDataPolicy.values)),
        "error_policy": draw(st.sampled_from(AutomationRule.NoDataPolicy.values)),
        "action_type": "alert",
        "action_config": draw(st.sampled_from([{}, {"title": "12:30"}, {"message": "a\nb: c"}, {"severity": "high"}])),
    }


def exported():
    return as_yaml(as_document(AutomationRule.objects.all()))


@settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=st.lists(fields(), min_size=1, max_size=4))
def test_export_apply_export(wanted, alice, django_db_blocker):
    AutomationRule._base_manager.all().delete()
    for each in wanted:
        assert not validate({name: each[name] for name in CHECKED})
    made = [AutomationRule(user=alice, **each) for each in wanted]
    AutomationRule.objects.bulk_create(made)
    text = exported()

    apply(read_text(text, "rules.yaml"), None, NOW, adopt=True)
    assert exported() == text
    plan = make_plan(read_text(text, "rules.yaml"), None)
    assert not plan.changes
    assert not plan.problems

    # Another database: nothing of it is known there, and it is told by nothing but the uids.
    before = {rule.pk: rule for rule in made}
    AutomationRule._base_manager.all().delete()
    apply(read_text(text, "rules.yaml"), None, NOW)
    assert exported() == text
    for rule in AutomationRule.objects.all():
        same_rule(rule, next(old for pk, old in before.items() if str(pk) == rule.uid))


def same_rule(rule, old):
    for name in [field.name for field in WRITTEN if field.name != "user"]:
        kept, was = getattr(rule, name), getattr(old, name)
        assert kept == was or (kept, was) in ((None, ""), ("", None)), name


values = st.recursive(
    st.none() | st.booleans() | anything | numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=examples(150), deadline=None)
@given(values)
@example("")
def test_what_is_written_is_read(value):
    assert load(dump(value))[0] == value


@pytest.fixture(autouse=True)
def _database(db):
    pass


OPTIONS = """version: 1
rules:
  - {uid: r, name: r, owner: ALICE, metric: cpu, operator: ">", threshold: 1, action: ACTION, options: OPTIONSMORE}
"""


@pytest.mark.django_db
@pytest.mark.parametrize(("action", "options", "more", "severity"), [
    ("alert", "{severity: high}", "", "high"),
    ("notify", "{priority: urgent, message: m}", "", "critical"),
    ("alert", "{severity: high}", "severity: low", "low"),
    ("alert", "{severity: high}", "severity: medium", "medium"),
    ("alert", "{}", "", "medium"),
])  # fmt: skip
def test_options_of_a_file_set_the_severity_unless_the_file_gives_one(alice, action, options, more, severity):
    text = OPTIONS.replace("ALICE", alice.email).replace("ACTION", action).replace("OPTIONS", options)
    apply(read_text(text.replace("MORE", more and f", {more}"), "f"), None, NOW)
    assert AutomationRule.objects.get().severity == severity
    again = make_plan(read_text(exported(), "f"), None)
    assert not again.problems
    assert [item.changes for item in again.items] == [()]
