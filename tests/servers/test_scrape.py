"""A real Prometheus scrapes `/metrics` with a token, and evaluates our alerting rules on it."""

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from notifications.models import Channel
from rules.evaluation.dispatcher import dispatch
from smartagent.accounts.tokens import issue_token
from smartagent.docs.download import DOWNLOADS
from smartagent.models import User
from tests.notifications.outside import channel_of
from tests.servers.process import server
from tests.servers.test_remote_write import until

CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: smartagent
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ["{target}"]}}]
"""


def ask(address: str) -> Any:
    with urllib.request.urlopen(address) as response:
        return json.load(response)["data"]


@pytest.mark.django_db(transaction=True)
def test_a_broken_channel_becomes_an_alert_and_is_resolved(olga: User, live_server: LiveServer, tmp_path: Path) -> None:
    token = issue_token(olga, "prometheus", scopes=["read"])[1]
    target = live_server.url.removeprefix("http://")
    # As they are, but for their patience.
    rules = (DOWNLOADS / "smartagent-alerts.yml").read_text().replace("for: 5m", "for: 1s")
    (tmp_path / "alerts.yml").write_text(rules)
    (tmp_path / "prometheus.yml").write_text(CONFIG.format(rules=tmp_path / "alerts.yml", token=token, target=target))
    channel_of(olga, "slack", url="https://hooks.slack.com/services/T/B/x")
    Channel.objects.update(opened_at=timezone.now())
    dispatch(timezone.now(), "command")
    with server("prometheus", lambda port: [
        f"--web.listen-address=127.0.0.1:{port}", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
    ], tmp_path) as prometheus:  # fmt: skip

        def value(expression: str) -> float | None:
            found = ask(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")["result"]
            return float(found[0]["value"][1]) if found else None

        def firing() -> set[str]:
            alerts = ask(f"{prometheus}/api/v1/alerts")["alerts"]
            return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

        until(lambda: "SmartAgentChannelBroken" in firing())
        assert value('up{job="smartagent"}') == 1
        assert value("smartagent_database_up") == 1
        assert value('smartagent_evaluations_total{trigger="command", outcome="completed"}') >= 1
        assert value('smartagent_http_requests_total{route="metrics", method="GET", status="200"}') >= 1
        Channel.objects.update(opened_at=None)
        until(lambda: "SmartAgentChannelBroken" not in firing())
