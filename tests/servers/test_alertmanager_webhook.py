"""A real Alertmanager sends its webhook to us."""

import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AuditEvent, MetricSeries
from smartagent.accounts.tokens import issue_token
from tests.servers.process import server
from tests.servers.test_remote_write import until

CONFIG = """\
route: {{receiver: us, group_wait: 0s, group_interval: 1s}}
receivers:
  - name: us
    webhook_configs:
      - url: {address}/api/v1/alertmanager?rule=on
        http_config: {{authorization: {{credentials: {token}}}}}
"""


@pytest.mark.django_db(transaction=True)
def test_an_alert_fires_and_is_resolved(alice, live_server, tmp_path: Path):
    config = CONFIG.format(address=live_server.url, token=issue_token(alice, "alertmanager")[1])
    (tmp_path / "alertmanager.yml").write_text(config)
    with server("prometheus-alertmanager", lambda port: [
        f"--web.listen-address=127.0.0.1:{port}", "--config.file=alertmanager.yml", "--storage.path=data",
        "--cluster.listen-address=",
    ], tmp_path) as address:  # fmt: skip
        alert = {"labels": {"alertname": "Down", "job": "node", "severity": "page"}, "annotations": {"summary": "!"}}
        for status, ending in (("firing", {}), ("resolved", {"endsAt": datetime.now(UTC).isoformat()})):
            body = json.dumps([alert | ending]).encode()
            headers = {"Content-Type": "application/json"}
            urllib.request.urlopen(urllib.request.Request(f"{address}/api/v2/alerts", body, headers)).close()
            until(AuditEvent.objects.filter(metadata__status=status).exists)
            dispatch(timezone.now(), "command")
    said = ActivityEntry.objects.filter(rule__rule_name="Alerts of Alertmanager", run__isnull=False)
    said = said.order_by("created_at")
    assert list(said.values_list("event_type", flat=True)) == ["rule_fired", "rule_resolved"]
    events = AuditEvent.objects.order_by("created_at").values_list("user", "severity", "message")
    assert list(events) == [(alice.pk, "critical", "Down is firing: !"), (alice.pk, "info", "Down is resolved: !")]
    series = MetricSeries.objects.get(metric="alertmanager_alert")
    assert series.labels == {"alertname": "Down", "job": "node", "severity": "page"}
    assert list(series.samples.order_by("observed_at").values_list("value", flat=True)) == [1, 0]
