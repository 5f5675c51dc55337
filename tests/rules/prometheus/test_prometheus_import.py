"""Alerting rules of Prometheus become rules of ours where they say the same; the rest is reported."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from rules.models import AutomationRule
from rules.prometheus.imported import as_document
from rules.prometheus.importer import import_prometheus
from rules.provisioning.apply import apply
from rules.provisioning.document import read_document
from rules.provisioning.problems import FileRefused

FILE = """\
groups:
  - name: hosts
    interval: 5m
    rules:
      - alert: BusyCPU
        expr: avg_over_time(cpu_percent{target="web"}[30m]) > 90
        for: 15m
        keep_firing_for: 10m
        labels: {severity: page, team: platform, shown: "{{ $labels.job }}"}
        annotations:
          summary: The processor is busy
          description: It is at {{ $value }}.
          runbook_url: https://example.com/cpu
          dashboard: https://example.com/d/1
      - alert: BusyCPU
        expr: 95 < cpu_percent and load > 10
        for: 7m
      - alert: Errors
        expr: irate(errors_total[5m]) > 0.1
      - alert: Matched
        expr: up{job="web"} == 0
      - record: job:cpu:avg
        expr: avg(cpu)
  - name: slow
    interval: 1m
    rules:
      - {alert: Latency, expr: latency_ms >= 250.5, labels: {severity: warning}}
      - {alert: TooLong, expr: "avg_over_time(latency_ms[90d]) > 1"}
"""


def test_what_says_the_same_becomes_a_rule(alice, now):
    document = read_document(as_document(import_prometheus(FILE), "hosts.yaml"))
    apply(document, None, now, owner=alice)
    busy, both, slow = (
        AutomationRule.objects.get(uid__startswith=uid)
        for uid in ("hosts/BusyCPU-page", "hosts/BusyCPU-c07c50a0", "slow/Latency")
    )
    assert (busy.metric_type, busy.target_integration, busy.reducer) == ("cpu_percent", "web", "avg")
    assert (busy.evaluation_window, busy.pending_for) == (timedelta(minutes=30), timedelta(minutes=15))
    assert (busy.keep_firing_for, busy.severity, busy.action_type) == (timedelta(minutes=10), "critical", "alert")
    assert (busy.labels, busy.runbook_url) == ({"severity": "page", "team": "platform"}, "https://example.com/cpu")
    assert busy.description == "The processor is busy\nIt is at {{ $value }}."
    assert (both.condition_operator, both.threshold_value, both.match) == (">", 95, "all")
    assert both.more_conditions[0]["metric"] == "load"
    assert both.pending_for == timedelta(minutes=10)
    assert (float(slow.threshold_value), slow.severity) == (250.5, "medium")
    matched = AutomationRule.objects.get(uid="hosts/Matched")
    assert (matched.series_mode, matched.matchers) == ("each", ['job="web"'])
    assert AutomationRule.objects.count() == 4


def test_the_report_says_what_is_not_the_same():
    notes = {(each.name, bool(each.entry)): " ".join(each.notes) for each in import_prometheus(FILE)}
    assert "Annotation dashboard skipped." in import_prometheus(FILE)[0].notes
    assert "Label shown skipped: it has a template." in import_prometheus(FILE)[0].notes
    assert "for: 7m was rounded up to 10m, whole evaluations." in notes["BusyCPU", True]
    assert "irate is not supported" in notes["Errors", False]
    assert "push the metric" in notes["job:cpu:avg", False]
    assert "The group is evaluated every 1m" in notes["Latency", True]
    assert "30 days" in notes["TooLong", False] or "30d" in notes["TooLong", False]


@pytest.mark.parametrize(
    "text",
    ["groups:\n - {name: a, rules: [5, {alert: 7}, {alert: A, expr: [1]}, {alert: B, expr: 'x > 1', for: soon}]}",
     "groups: [5, {name: a}, {rules: [{}]}]", "groups: [{rules: [{alert: C, expr: 'x > 1', labels: 5, for: 1x}]}]"],
)  # fmt: skip
def test_rules_that_are_none_are_reported_and_lose_no_other(text):
    found = import_prometheus(text)
    assert found
    assert all(each.notes and each.entry is None for each in found)


@pytest.mark.parametrize("text", ["", "a: [", "groups: 5", "- 1"])
def test_what_is_no_file_of_prometheus_is_refused(text):
    with pytest.raises(FileRefused):
        import_prometheus(text)


def test_the_command_writes_the_file_and_reports(alice, tmp_path, capsys):
    source, target = tmp_path / "prometheus.yaml", tmp_path / "ours.yaml"
    source.write_text(FILE)
    with pytest.raises(SystemExit) as left:
        call_command("rules", "import-prometheus", str(source), output=str(target))
    assert left.value.code == 3
    output = capsys.readouterr()
    assert "Errors: skipped. irate is not supported" in output.err
    assert "4 of 7 converted. That is 66.7 % of 6 alerts." in output.err
    with pytest.raises(SystemExit):
        call_command("rules", "plan", str(target), owner="alice@example.com")
    assert "4 to create" in capsys.readouterr().out


def test_the_command_reports_to_programs_and_refuses_what_is_no_file(tmp_path):
    source, out = tmp_path / "prometheus.yaml", io.StringIO()
    source.write_text("groups: [{name: g, rules: [{alert: A, expr: cpu > 1}]}]")
    call_command("rules", "import-prometheus", str(source), format="json", stdout=out)
    found = json.loads(out.getvalue())
    assert found["document"]["rules"][0]["uid"] == "g/A"
    assert found["report"] == [{"alert": "A", "group": "g", "uid": "g/A", "imported": True, "notes": []}]
    assert (found["alerts"], found["converted"], found["percent"]) == (1, 1, 100.0)
