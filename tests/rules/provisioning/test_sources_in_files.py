"""Data sources and metric queries in rules files: plan, apply, export, prune, and the line of every problem."""

import pytest
from django.core.exceptions import ObjectDoesNotExist

from rules.configuration.listing import changes_of
from rules.data_sources.connections import secrets_of
from rules.models import ActivityEntry, AutomationRule, DataSource, MetricQuery
from rules.provisioning.apply import apply
from rules.provisioning.document import read_text
from rules.provisioning.export import as_document, as_yaml, with_sources
from rules.provisioning.plan import make_plan
from rules.provisioning.plan_text import plan_facts, plan_lines
from rules.provisioning.problems import FileRefused
from rules.provisioning.release import release
from tests.rules.data_sources.source_cast import query_of, source_at

FILE = """\
version: 1
source: hosts
data_sources:
- name: prom
  address: https://prom.example.com
  authentication: bearer
  token_env: DATA_SOURCE_TOKEN
  timeout: 5
queries:
- name: Hosts.Down
  data_source: prom
  expression: up
rules:
- {uid: down, name: Down, metric: Hosts.Down, operator: "=", threshold: 0, action: log}
"""


@pytest.fixture(autouse=True)
def _token(monkeypatch, db):
    monkeypatch.setenv("DATA_SOURCE_TOKEN", "s3cr3t")


def planned(text, user=None, **options):
    plan = make_plan(read_text(text), user, **options)
    return [(item.kind, item.name) for item in plan.sources], [problem.message for problem in plan.problems]


def test_a_file_creates_changes_exports_and_prunes(alice, now):
    plan = apply(read_text(FILE), None, now, owner=alice)
    assert plan.applied == "data sources: 1 created; queries: 1 created; rules: 1 created"
    source, query = DataSource.objects.get(), MetricQuery.objects.get()
    assert (source.timeout, secrets_of(source).token, source.provisioned_by) == (5, "s3cr3t", "hosts")
    assert (query.source, query.expression, query.provisioned_by) == (source, "up", "hosts")
    exported = as_yaml(with_sources(as_document(AutomationRule.objects.all(), "hosts")))
    assert "s3cr3t" not in exported
    assert "TOKEN" not in exported
    assert not make_plan(read_text(exported), None, owner=alice).changes
    assert not make_plan(read_text(FILE), None, owner=alice).changes
    changed = make_plan(read_text(FILE.replace("expression: up", "expression: up == 0")), None, owner=alice)
    assert "~ query Hosts.Down is changed\n    expression: up → up == 0" in "\n".join(plan_lines(changed))
    assert plan_facts(changed)["sources"][1]["changes"] == [{"field": "expression", "old": "up", "new": "up == 0"}]
    apply(read_text(FILE.replace("expression: up", "expression: up == 0")), None, now)
    change = ActivityEntry.objects.get(event_type="metric_query_changed")
    assert change.context["object"] == str(MetricQuery.objects.get().pk)
    assert [(each.label, each.old, each.new) for each in changes_of(change)] == [("expression", "up", "up == 0")]
    empty = "version: 1\nsource: hosts\nrules: []\n"
    assert planned(empty)[0] == [("left", "Hosts.Down"), ("left", "prom")]
    apply(read_text(empty), None, now, prune=True)
    assert not DataSource.objects.exists()
    assert not MetricQuery.objects.exists()
    events = ActivityEntry.objects.filter(event_type__regex="data_source|metric_query").values_list(
        "event_type", flat=True
    )
    assert sorted(events) == [
        "data_source_created",
        "data_source_deleted",
        "metric_query_changed",
        "metric_query_created",
        "metric_query_deleted",
    ]


def test_secrets_are_kept_where_none_is_named_and_go_to_no_other_server(alice, now, monkeypatch):
    apply(read_text(FILE), None, now, owner=alice)
    without = FILE.replace("  token_env: DATA_SOURCE_TOKEN\n", "")
    assert planned(without, owner=alice) == ([("unchanged", "prom"), ("unchanged", "Hosts.Down")], [])
    (problem,) = planned(without.replace("prom.example", "elsewhere.example"), owner=alice)[1]
    assert "enter the secret again" in problem
    monkeypatch.setenv("DATA_SOURCE_TOKEN", "other")
    plan = apply(read_text(FILE), None, now, owner=alice)
    assert "token: set → changed" in "\n".join(plan_lines(plan))
    assert secrets_of(DataSource.objects.get()).token == "other"


@pytest.mark.parametrize(("change", "line", "says"), [
    (("DATA_SOURCE_TOKEN", "SECRET_KEY"), 7, "begins with DATA_SOURCE_"),
    (("DATA_SOURCE_TOKEN", "DATA_SOURCE_UNSET"), 7, "DATA_SOURCE_UNSET is not set"),
    (("token_env: DATA_SOURCE_TOKEN", "token: abc"), 7, "Secrets do not belong in a file"),
    (("  token_env: DATA_SOURCE_TOKEN\n", ""), 4, "Enter the token"),
    (("https://prom.example.com", "ftp://a"), 5, "must begin with https"),
    (("timeout: 5", "timeout: 500"), 8, "60"),
    (("timeout: 5", "timeouts: 5"), 8, "Did you mean timeout?"),
    (("data_source: prom", "data_source: nothing"), 11, "There is no data source of this name"),
    (("name: Hosts.Down\n", "name: Hösts\n"), 10, "A metric name"),
    (("expression: up", "expression: 5"), 12, "Must be text"),
    (("- name: prom\n", "- name: prom\n  address: https://a.example\n- name: prom\n"), 6, "Duplicate name"),
    (("queries:\n- name: Hosts.Down\n", "queries: 5\nx:\n- name: y\n"), 9, "must be a list"),
])  # fmt: skip
def test_problems_have_their_line(alice, change, line, says):
    try:
        problems = make_plan(read_text(FILE.replace(*change)), None, owner=alice).problems
    except FileRefused as error:
        problems = error.problems
    assert any(problem.line == line and says in problem.message for problem in problems), list(map(str, problems))


def test_what_others_made_is_taken_over_only_where_that_is_asked_for(alice, now):
    query_of(source_at("https://prom.example.com"), "Hosts.Down", "up")
    with pytest.raises(FileRefused, match="apply it with --adopt"):
        apply(read_text(FILE), None, now, owner=alice)
    apply(read_text(FILE), None, now, owner=alice, adopt=True)
    assert set(MetricQuery.objects.values_list("provisioned_by", flat=True)) == {"hosts"}
    assert release("hosts", None, now) == 3
    assert DataSource.objects.get().provisioned_by == ""


def test_a_query_that_a_rule_watches_is_not_pruned(alice, now):
    apply(read_text(FILE.replace("uid: down", "uid: up, status: paused")), None, now, owner=alice)
    AutomationRule.objects.update(provisioned_by="")
    (problem,) = planned("version: 1\nsource: hosts\nrules: []\n", prune=True)[1]
    assert "rules still watch: “Down”" in problem


def test_only_those_who_may_change_sources_apply_them(alice, olga, now):
    for person in (alice, olga):
        messages = planned(FILE, person)[1]
        assert "Your roles do not allow this: add a data source. Ask an administrator." in messages
    with pytest.raises(ObjectDoesNotExist):
        DataSource.objects.get()
