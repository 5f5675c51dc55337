"""What files of Prometheus have beside simple alerts: labels of groups, scalars, numbers, other fields."""

import pytest

from rules.models import AutomationRule
from rules.prometheus.imported import as_document
from rules.prometheus.importer import import_prometheus
from rules.provisioning.apply import apply
from rules.provisioning.document import read_text
from rules.provisioning.export import as_yaml
from rules.provisioning.plan import make_plan
from rules.provisioning.problems import FileRefused


def imported(*rules, head="name: g"):
    lines = "".join(f"\n      - {rule}" for rule in rules)
    return import_prometheus(f"groups:\n  - {head}\n    rules:{lines}\n")


def entry_of(rule, head="name: g"):
    (found,) = imported(rule, head=head)
    assert found.entry, found.notes
    return found.entry


def test_labels_of_the_group_hold_and_the_rules_own_win():
    head = (
        "{name: g, limit: 3, query_offset: 10m, type: graphite, eval_delay: 5s, labels: {severity: critical, team: b}"
    )
    rules = "[{alert: A, expr: x > 1}, {alert: B, expr: x > 1, labels: {severity: info, team: }}]"
    text = f"groups:\n - {head}, rules: {rules}}}"
    first, second = import_prometheus(text)
    assert (first.entry["severity"], first.entry["labels"]) == ("critical", {"severity": "critical", "team": "b"})
    assert (second.entry["severity"], second.entry["labels"]) == ("low", {"severity": "info"})
    for name in ("limit: 3", "query_offset: 10m", "type: graphite", "eval_delay: 5s"):
        assert name in " ".join(first.notes)


def test_labels_annotations_and_names_are_the_text_as_written():
    labels = (
        "{paged: true, quiet: False, zip: 01234, none: , build: 1e3, plus: +5, ver: 1.10, tilde: ~, day: 2026-01-01}"
    )
    entry = entry_of(f"{{alert: 007, expr: x > 1, labels: {labels}, annotations: {{summary: 007, description: }}}}")
    assert (entry["name"], entry["description"]) == ("007", "007")
    assert entry["labels"] == {
        "paged": "true", "quiet": "False", "zip": "01234", "build": "1e3", "plus": "+5", "ver": "1.10",
        "day": "2026-01-01",
    }  # fmt: skip
    assert entry_of("{alert: true, expr: x > 1}")["name"] == "true"


@pytest.mark.parametrize(("expression", "threshold"), [
    ("x > 010", 8), ("x > 0755", 493), ("x > 0789", 789), ("x > 0x1F", 31), ("x > 1_000_000", 1000000), ("x > 5m", 300),
    ("x > 1024 * 1024", 1048576), ("x < -(5)", -5), ("x > 1 # and y > 2", 1),
    ("x > 12345678901234567890", 12345678901234567168),
])  # fmt: skip
def test_numbers_are_those_of_prometheus(expression, threshold):
    assert float(entry_of(f'{{alert: A, expr: "{expression}"}}')["threshold"]) == threshold


def test_one_bad_rule_loses_no_good_one():
    bad = [
        "{alert: B, expr: x > 1, for: 9999999999d}", "{alert: B, expr: 'avg_over_time(x[9999999999d]) > 1'}",
        "{alert: B, expr: x > 1e1000000}", "{alert: B, expr: x > 1, labels: [a]}", "{alert: B, expr: x > 1, for: [1]}",
        "{alert: B, expr: x > 1, labels: {a: {b: c}}}", "{alert: B, expr: [x]}",
        "{alert: B, expr: 'x{target=\"a\\tb\"} > 1'}", "{alert: B, expr: 1}", "[]", "x", "{}",
        "{alert: B, expr: x > 0.00000000001}", "{alert: B, expr: 'sum_over_time(x[5ms]) > 1'}",
    ]  # fmt: skip
    for rule in bad:
        first, wrong, last = imported("{alert: A, expr: x > 1}", rule, "{alert: C, expr: x > 1}")
        assert first.entry
        assert last.entry
        assert (wrong.entry, wrong.line) == (None, 5), rule
        assert all(wrong.notes)


def test_an_alert_keeps_its_rule_when_another_of_its_name_can_be_imported(alice, now):
    critical = '{alert: Full, expr: "free < 0.05", labels: {severity: critical}}'
    texts = ['{alert: Full, expr: "free / size < 0.1", labels: {severity: warning}}',
             '{alert: Full, expr: "free < 0.1", labels: {severity: warning}}']  # fmt: skip
    seen = []
    for text in texts:
        document = as_yaml(as_document(imported(text, critical), "g.yaml"))
        apply(read_text(document), None, now, owner=alice, prune=True)
        seen.append(AutomationRule.objects.get(severity="critical"))
    assert (seen[0].pk, seen[0].uid) == (seen[1].pk, "g/Full-critical")
    assert seen[1].history.count() == 1
    assert AutomationRule.objects.count() == 2
    between = imported(texts[1], '{alert: Full, expr: "free < 0.01", labels: {severity: page}}', critical)
    assert [each.entry["uid"] for each in between] == ["g/Full-warning", "g/Full-page", "g/Full-critical"]


SAME = [f'{{alert: Full, expr: "{metric} < 0.1", labels: {{severity: warning}}}}' for metric in ("a", "b", "c")]


def test_alerts_of_one_name_and_severity_keep_their_rules_when_the_first_is_removed(alice, now):
    seen = []
    for rules in (SAME, SAME[1:]):
        document = as_yaml(as_document(imported(*rules), "g.yaml"))
        apply(read_text(document), None, now, owner=alice, prune=True)
        seen.append({rule.metric_type: rule.pk for rule in AutomationRule.objects.all()})
    assert seen[1] == {metric: seen[0][metric] for metric in ("b", "c")}
    assert {rule.history.count() for rule in AutomationRule.objects.all()} == {1}


@pytest.mark.parametrize("rules", [SAME[:2], [SAME[0], SAME[1].replace("warning", "critical")]])
def test_no_alert_takes_over_the_state_of_one_of_its_name_that_was_removed(rules):
    before = {each.entry["metric"]: each.entry["uid"] for each in imported(*rules)}
    (left,) = imported(rules[1])
    assert left.entry["uid"] == "g/Full"
    assert left.entry["uid"] not in before.values()


def test_an_order_moves_no_alert_and_two_that_say_the_same_are_both_there():
    uids = [sorted(each.entry["uid"] for each in imported(*rules)) for rules in (SAME, SAME[::-1])]
    assert uids[0] == uids[1]
    assert len({each.entry["uid"] for each in imported(SAME[0], SAME[0], SAME[1])}) == 3


DOCUMENTS = """groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]
---
# nothing
---
spec:
  groups: [{name: h, rules: [{alert: A, expr: x > 1}, {alert: B, expr: "irate(x[5m]) > 1"}]}]
---
items:
- spec: {groups: [{name: i, rules: [{alert: A, expr: x > 1}]}]}
---
"""


def test_every_document_of_a_file_is_read():
    found = import_prometheus(DOCUMENTS)
    assert [each.entry and each.entry["uid"] for each in found] == ["g/A", "h/A", None, "i/A"]
    assert [each.line for each in found] == [1, 6, 6, 9]


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1", 1), ("groups: []\n---\nkind: ConfigMap\n", 3), ("", 0), ("---\n", 0)]
)
def test_a_document_without_groups_is_refused_with_its_line(text, line):
    with pytest.raises(FileRefused) as refused:
        import_prometheus(text)
    (problem,) = refused.value.problems
    assert problem.line == line
    assert problem.message.startswith("A Prometheus rules file has a list under “groups:”")


def test_a_file_of_rules_is_one_document():
    read_text("version: 1\nsource: a\nrules: []\n---\n")
    with pytest.raises(FileRefused) as refused:
        read_text("version: 1\nsource: a\nrules: []\n---\nrules: []\n")
    (problem,) = refused.value.problems
    assert (problem.line, problem.message[:37]) == (5, "A second YAML document begins here. A")


def test_a_count_of_nothing_fires_nothing():
    few, none = imported(
        "{alert: Few, expr: 'count_over_time(x[10m]) < 3'}", "{alert: No, expr: 'count_over_time(x[10m]) == 0'}"
    )
    (above,) = few.entry["more_conditions"]
    assert (above["reducer"], above["operator"], above["threshold"], few.entry["match"]) == ("count", ">", 0, "all")
    assert none.entry is None
    assert "never fires" in none.notes[0]
    (mixed,) = imported("{alert: M, expr: 'count_over_time(x[10m]) < 3 or y > 1'}")
    assert mixed.entry is None
    assert "more_conditions" not in entry_of("{alert: Many, expr: 'count_over_time(x[10m]) > 3'}")


def test_what_is_gone_resolves():
    assert entry_of("{alert: A, expr: x > 1}")["no_data_policy"] == "resolve"


@pytest.mark.parametrize(
    "address", ["https://wiki.example/{{ $labels.job }}", "wiki/Runbooks#disk", "javascript:alert(1)"]
)
def test_a_runbook_that_no_rule_can_have_is_left_out_and_noted(alice, address):
    text = f"groups: [{{name: g, rules: [{{alert: A, expr: x > 1, annotations: {{runbook_url: '{address}'}}}}]}}]"
    (found,) = import_prometheus(text)
    assert "runbook_url" not in found.entry
    assert f"The runbook “{address}” is skipped" in " ".join(found.notes)
    plan = make_plan(read_text(as_yaml(as_document([found], "g.yaml"))), None, owner=alice)
    assert not plan.problems


def test_the_resource_of_kubernetes_is_read():
    text = "kind: PrometheusRule\nspec: {groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]}"
    assert [each.entry["uid"] for each in import_prometheus(text)] == ["g/A"]


@pytest.mark.parametrize("head", ["name: g", "interval: [1]\n    labels: 5", "name: 5\n    limit: {a: b}"])
def test_groups_with_odd_fields_are_reported(head):
    assert all(each.notes or each.entry for each in imported("{alert: A, expr: x > 1}", head=head))


@pytest.mark.parametrize(("expression", "fields"), [
    ('x{job="a",host!~"b.*"} > 1', {"instances": "each", "matchers": ['job="a"', 'host!~"b.*"']}),
    ('sum by (host, disk) (rate(x{job="a"}[5m])) > 1',
     {"instances": "by", "by": ["host", "disk"], "aggregate": "sum", "reducer": "rate", "matchers": ['job="a"']}),
    ("count(x) < 3", {"instances": "by", "aggregate": "count"}),
    ('max(avg_over_time(x{target="web"}[1h])) > 1',
     {"instances": "by", "aggregate": "max", "matchers": ['target="web"']}),
])  # fmt: skip
def test_series_are_chosen_and_aggregated_by_labels(expression, fields):
    entry = entry_of(f"{{alert: A, expr: '{expression}'}}")
    assert {name: entry.get(name) for name in fields} == fields
    assert "target" not in entry


def test_conditions_on_several_choices_of_series_are_refused():
    (found,) = imported("""{alert: A, expr: 'x{a="b"} > 1 and y > 2'}""")
    assert found.entry is None
    assert "Several conditions on series" in found.notes[0]
