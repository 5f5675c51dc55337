"""An alert's expression becomes a query of a data source, and a condition on what it returns."""

import shutil
import subprocess

import pytest

from rules.engine.conditions import ANY_VALUE
from rules.prometheus.expressions import Unsupported
from rules.prometheus.imported import TargetSource, as_document, share_of
from rules.prometheus.importer import import_files, import_prometheus
from rules.prometheus.sourced import read_query
from rules.provisioning.document import read_document

PROM = TargetSource(name="prom", address="http://prometheus:9090")
ANY = (">=", ANY_VALUE)
SPLIT = [
    ("rate(x[5m]) > 3", "rate(x[5m])", ">", 3),
    ("3 < rate(x[5m])", "rate(x[5m])", ">", 3),
    ("1024 * 2 >= a + b", "a + b", "<=", 2048),
    ("-x < -(5)", "-x", "<", -5),
    ("time() - x > 1h", "time() - x", ">", 3600),
    ("(sum by (job) (up) == 0)", "sum by (job) (up)", "==", 0),
    ("(a{b=~`c\\d`} > 1) and on (x) b", 'a{b=~"c\\\\d"} and on (x) b', ">", 1),
    ("a > 1 and b > 2 unless c", "a and b > 2 unless c", ">", 1),
    ("(a or b) > 1 and c", "(a or b) and c", ">", 1),
    ("(a > 2) > 1", "a > 2", ">", 1),
    ("absent(x{a='b'})", "absent(x{a='b'})", "==", 1),
    ("x > bool 1", "x > bool 1", *ANY),
    ("a > b", "a > b", *ANY),
    ("a > 1 or b > 1", "a > 1 or b > 1", *ANY),
    ("x < +Inf", "x < +Inf", *ANY),
    ("x > 0.00000000001", "x > 0.00000000001", *ANY),
    ("x", "x", *ANY),
]


@pytest.mark.parametrize(("text", "query", "operator", "threshold"), SPLIT)
def test_a_comparison_at_the_top_is_split_off(text, query, operator, threshold):
    found = read_query(text)
    assert (" ".join(found.expression.split()), found.operator, found.threshold) == (query, operator, threshold)


@pytest.mark.parametrize("text", ["x[5m]", "rate(x)", "'a'", "x if y", "topk(", "", "x{a='{{ .Values.b }}'}"])
def test_what_returns_no_numbers_is_refused(text):
    with pytest.raises(Unsupported):
        read_query(text)


FILE = """
groups:
- name: Hosts
  labels: {team: a}
  rules:
  - {record: "job:up:sum", expr: sum by (job) (up)}
  - alert: Down
    expr: job:up:sum == 0
    for: 10m
    keep_firing_for: 5m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} is down", description: "{{ $value | humanize }} up", runbook_url: "https://a.example/b"}
  - {alert: Odd, expr: "a > b", annotations: {summary: "{{ range query `x` }}{{ end }}"}}
- name: logs
  type: vlogs
  rules: [{alert: Errors, expr: "_time:5m error | stats count()"}]
- name: new
  type: prometheus
  rules: [{alert: Mql, expr: "default_rollup(x[5m]) > 1"}]
"""


def test_alerts_become_rules_on_queries():
    found = import_prometheus(FILE, PROM)
    document = as_document(found, "hosts", PROM)
    assert document["data_sources"] == [{"name": "prom", "address": "http://prometheus:9090"}]
    assert document["queries"][0] == {"name": "Hosts.Down", "data_source": "prom", "expression": "job:up:sum"}
    down, odd = document["rules"]
    assert (down["uid"], down["metric"], down["operator"], down["threshold"]) == ("Hosts/Down", "Hosts.Down", "=", 0)
    assert down["instances"] == "each"
    assert (down["pending_for"], down["keep_firing_for"], down["severity"]) == ("10m", "5m", "critical")
    assert down["options"] == {"title": "{{ labels.job }} is down", "message": "{{ value | humanize }} up"}
    assert (down["labels"], down["runbook_url"]) == ({"team": "a", "severity": "page"}, "https://a.example/b")
    assert (odd["threshold"], "options" in odd) == (ANY_VALUE, False)
    notes = {each.name: " ".join(each.notes) for each in found}
    assert "left to the data source prom" in notes["job:up:sum"]
    assert "{{ range query `x` }} has no counterpart" in notes["Odd"]
    assert "type: vlogs" in notes["Errors"]
    assert "default_rollup is no function of PromQL" in notes["Mql"]
    assert (share_of(found).converted, share_of(found).alerts) == (2, 4)
    read_document(document)


def test_uids_and_queries_are_those_of_an_import_without_a_source_and_of_another_order():
    rules = [f"{{alert: {name}, expr: x > 1}}" for name in ("B", "A", "a", "é")]
    files = [f"groups: [{{name: g/1, rules: [{', '.join(some)}]}}]" for some in (rules, rules[::-1])]
    first, second = ({each.name: each for each in import_files([("f", text)], PROM)} for text in files)
    native = {each.name: each for each in import_files([("f", files[0])])}
    for name, each in first.items():
        assert each.entry["uid"] == second[name].entry["uid"] == native[name].entry["uid"]
        assert each.query == second[name].query
    assert len({each.query["name"] for each in first.values()}) == 4


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool, of Debian's package prometheus, is not installed")
def test_prometheus_reads_the_queries(tmp_path):
    queries = [read_query(text).expression for text, *_ in SPLIT]
    rules = "".join(
        f"  - record: a{n}\n    expr: |2\n      {' '.join(query.split())}\n" for n, query in enumerate(queries)
    )
    (tmp_path / "rules.yaml").write_text(f"groups:\n- name: g\n  rules:\n{rules}")
    done = subprocess.run(
        ["promtool", "check", "rules", "--lint=none", str(tmp_path / "rules.yaml")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
