"""A real Prometheus that scrapes a real node exporter writes to us, and a rule on what it writes fires and resolves."""

import json
import os
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from rules.api.protocols.base import CannotStore, ProtocolView
from rules.api.protocols.remote_write import RemoteWriteView
from rules.api.sample_limits import TooManyPerMinute
from rules.evaluation.dispatcher import dispatch
from rules.evaluation.preview import preview
from rules.models import ActivityEntry, MetricReceipt, MetricSeries, RuleState
from smartagent.accounts.tokens import issue_token
from tests.rules.data_sources.source_cast import query_of, source_at
from tests.rules.evaluation.test_dispatcher import rule_of
from tests.servers.process import server

CONFIG = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["{exporter}"]}}]
remote_write:
  - url: {address}/api/v1/write
    authorization: {{credentials: {token}}}
    queue_config: {{batch_send_deadline: 200ms, retry_on_http_429: true, min_backoff: 100ms, max_backoff: 200ms}}
"""


def until(found):
    end = time.monotonic() + 15
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return value


@pytest.fixture
def refusals(monkeypatch):
    """What the first requests are refused with; each asks to be sent again in a second."""
    refusals = [TooManyPerMinute(1, wait=1), CannotStore()]
    refusals[1].wait = 1

    def store(self, intake):
        if refusals:
            raise refusals.pop(0)
        ProtocolView.store(self, intake)

    monkeypatch.setattr(RemoteWriteView, "store", store)
    return refusals


def scraped(address, metric):
    """When the Prometheus there has scraped a metric of one series, in milliseconds since 1970."""
    with urllib.request.urlopen(f"{address}/api/v1/query?query={metric}[1h]") as answer:
        (series,) = json.load(answer)["data"]["result"]
    return {round(at * 1000) for at, _ in series["values"]}


def stored(series):
    return {round(sample.observed_at.timestamp() * 1000) for sample in series.samples.all()}


@pytest.mark.django_db(transaction=True)
def test_node_load_and_cpu_seconds_arrive_and_rules_on_them_fire(
    alice, live_server, node_exporter, tmp_path: Path, settings, refusals
):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    config = CONFIG.format(
        exporter=node_exporter.removeprefix("http://"), address=live_server.url, token=issue_token(alice, "prom")[1]
    )
    (tmp_path / "prometheus.yml").write_text(config)
    with server("prometheus", lambda port: [
        f"--web.listen-address=127.0.0.1:{port}", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
    ], tmp_path) as address:  # fmt: skip
        load = until(lambda: MetricSeries.objects.filter(metric="node_load1", samples__isnull=False).first())
        idle = until(lambda: MetricSeries.objects.filter(metric="node_cpu_seconds_total", labels__mode="idle").first())
        until(lambda: idle.samples.count() > 2)
        assert not refusals
        sent = scraped(address, "node_load1")
        until(lambda: sent <= stored(load))  # also those that were refused at first
        query_of(source_at(address), "cpu_rate", "sum by (instance) (rate(node_cpu_seconds_total[5m]))")
        by_instance = rule_of(alice, "cpu_rate", ">", 0, "log", series_mode="by", group_by=["instance"])
        until(lambda: preview(by_instance, timezone.now()).met)
        assert fires_and_resolves(by_instance) == {f'{{instance="{node_exporter.removeprefix("http://")}"}}'}
    assert (load.user, load.labels["job"], idle.labels["cpu"]) == (alice, "node", "0")
    receipt = MetricReceipt.objects.get()
    assert receipt.protocol == "Prometheus remote write"
    assert receipt.requests
    assert receipt.samples > 300
    assert receipt.refused_at is None, receipt.example
    on_load = rule_of(alice, "node_load1", ">=", 0, "log", target_integration=load.target)
    assert fires_and_resolves(on_load) == {load.target}
    on_cpu = rule_of(
        alice, "node_cpu_seconds_total", ">=", 0, "log", series_mode="by", group_by=["cpu", "mode"], reducer="rate",
        evaluation_window=timedelta(minutes=5), matchers=['mode=~"idle|user"'],
    )  # fmt: skip
    fired = fires_and_resolves(on_cpu)
    assert {'{cpu="0",mode="idle"}', '{cpu="0",mode="user"}'} <= fired
    assert len(fired) == 2 * os.cpu_count()


def fires_and_resolves(rule):
    """The instances that fire, and resolve once the threshold is out of reach."""
    dispatch(timezone.now(), "command", rule=rule.pk)
    fired = set(RuleState.objects.filter(rule=rule, condition="firing").values_list("target", flat=True))
    rule.threshold_value = 1e9
    rule.save()
    dispatch(timezone.now(), "command", rule=rule.pk)
    resolved = ActivityEntry.objects.filter(rule=rule, event_type="rule_resolved")
    assert {entry.context["target"] for entry in resolved} == fired
    return fired
