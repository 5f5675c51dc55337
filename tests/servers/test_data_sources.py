"""Rules on queries of a real Prometheus and a real VictoriaMetrics."""

import time
import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.evaluation.preview import preview
from rules.models import ActivityEntry, DataSource, RuleState
from tests.rules.data_sources.source_cast import query_of, source_at
from tests.rules.evaluation.test_dispatcher import rule_of


@pytest.fixture(autouse=True)
def _loopback(settings, db):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def until_it_reads(rule, value):
    """The first reading of `rule` that Prometheus has scraped is `value`."""
    until = time.monotonic() + 10
    while preview(rule, timezone.now()).value != value:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_rule_on_a_query_fires_and_resolves(alice, prometheus, exporter):
    source = source_at(prometheus)
    query_of(source, "busy", "sum(busy_workers)")
    rule, other = rule_of(alice, "busy", ">", 5, "log"), rule_of(alice, "broken", ">", 5, "log")
    query_of(source, "broken", "sum(")
    exporter |= {'busy_workers{host="a"}': 4, 'busy_workers{host="b"}': 3}
    until_it_reads(rule, 7)
    run = dispatch(timezone.now(), "command")
    assert (run.triggered, run.errors, run.error_message) == (1, 1, None)
    exporter['busy_workers{host="a"}'] = 1
    until_it_reads(rule, 4)
    dispatch(timezone.now(), "command")
    entries = ActivityEntry.objects.filter(rule=rule).order_by("created_at")
    assert list(entries.values_list("event_type", flat=True)) == ["rule_fired", "rule_resolved"]
    assert RuleState.objects.get(rule=other).reason.startswith("prom: ")
    assert "parse error" in RuleState.objects.get(rule=other).reason
    source.refresh_from_db()
    assert "parse error" in source.last_error
    assert [(each["queries"], each["failed"]) for each in source.recent] == [(2, 1), (2, 1)]


def test_an_unreachable_source_puts_only_its_rules_in_error(alice, prometheus):
    query_of(source_at("http://127.0.0.1:1", name="gone"), "gone", "up")
    query_of(source_at(prometheus), "one", "vector(1)")
    gone, one = (rule_of(alice, name, ">", 0, "log") for name in ("gone", "one"))
    run = dispatch(timezone.now(), "command")
    assert (run.triggered, run.errors) == (1, 1)
    assert RuleState.objects.get(rule=one).condition == "firing"
    assert RuleState.objects.get(rule=gone).reason.startswith("gone: 127.0.0.1 could not be reached")
    assert DataSource.objects.get(name="gone").last_success_at is None


def test_no_series_is_no_data_and_a_label_names_people(alice, bob, olga, victoria_metrics):
    now = timezone.now()
    lines = [f'load{{person="{person}"}} {value} {now.timestamp() * 1000 - 1000:.0f}' for person, value in [
        (alice.email, 9), (str(bob.pk).upper(), 3), ("nobody@example.com", 99)]]  # fmt: skip
    request = urllib.request.Request(f"{victoria_metrics}/api/v1/import/prometheus", "\n".join(lines).encode())
    urllib.request.urlopen(request).close()
    urllib.request.urlopen(f"{victoria_metrics}/internal/force_flush").close()  # else it shows them seconds later
    source = source_at(victoria_metrics, person_label="person")
    query_of(source, "load", 'load{person!=""}')
    query_of(source, "nothing", "does_not_exist")
    load = rule_of(olga, "load", ">", 5, "log", applies_to="everyone")
    nothing = rule_of(alice, "nothing", ">", 5, "log")
    dispatch(timezone.now() + timedelta(seconds=1), "command")
    assert RuleState.objects.get(rule=load, condition="firing").user == alice
    assert RuleState.objects.get(rule=nothing).condition == "no_data"
