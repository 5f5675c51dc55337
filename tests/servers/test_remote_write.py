"""A real Prometheus that scrapes a real node exporter writes to us, and a rule on what it writes fires and resolves."""

import time
from pathlib import Path

import pytest
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, MetricReceipt, MetricSeries
from smartagent.accounts.tokens import issue_token
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
    queue_config: {{batch_send_deadline: 200ms}}
"""


def until(found):
    end = time.monotonic() + 15
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return value


@pytest.mark.django_db(transaction=True)
def test_node_load_and_cpu_seconds_arrive_and_a_rule_on_them_fires(alice, live_server, node_exporter, tmp_path: Path):
    config = CONFIG.format(
        exporter=node_exporter.removeprefix("http://"), address=live_server.url, token=issue_token(alice, "prom")[1]
    )
    (tmp_path / "prometheus.yml").write_text(config)
    with server("prometheus", lambda port: [
        f"--web.listen-address=127.0.0.1:{port}", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
    ], tmp_path):  # fmt: skip
        load = until(lambda: MetricSeries.objects.filter(metric="node_load1", samples__isnull=False).first())
        idle = until(lambda: MetricSeries.objects.filter(metric="node_cpu_seconds_total", labels__mode="idle").first())
        until(lambda: idle.samples.count() > 2)
    assert (load.user, load.labels["job"], idle.labels["cpu"]) == (alice, "node", "0")
    receipt = MetricReceipt.objects.get()
    assert receipt.protocol == "Prometheus remote write"
    assert receipt.requests
    assert receipt.samples > 300
    assert receipt.refused_at is None, receipt.example
    rule = rule_of(alice, "node_load1", ">=", 0, "log", target_integration=load.target)
    assert dispatch(timezone.now(), "command").triggered == 1
    rule.threshold_value = 1e9
    rule.save()
    dispatch(timezone.now(), "command")
    events = ActivityEntry.objects.filter(rule=rule).order_by("created_at")
    assert list(events.values_list("event_type", flat=True)) == ["rule_fired", "rule_resolved"]
