"""Servers of other projects, each started once where a test asks for it: Prometheus and what belongs to it, and
VictoriaMetrics."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.servers.process import server

PROMETHEUS = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: exporter
    static_configs: [{{targets: ["{exporter}"]}}]
"""
ALERTMANAGER = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class Exporter(dict[str, float]):
    """Metrics that a test sets, as text: `exporter['load{host="a"}'] = 3.5`. Prometheus scrapes them."""

    host = ""

    def text(self) -> str:
        return "".join(f"{series} {value}\n" for series, value in self.items())


@pytest.fixture(scope="session")
def exporter() -> Iterator[Exporter]:
    metrics = Exporter()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = metrics.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as listening:
        threading.Thread(target=listening.serve_forever, args=[0.05], daemon=True).start()
        metrics.host = f"127.0.0.1:{listening.server_address[1]}"
        yield metrics
        listening.shutdown()


@pytest.fixture(scope="session")
def prometheus(exporter: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scrapes `exporter` five times a second, and takes remote writes."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(exporter=exporter.host))
    with server("prometheus", lambda port: [
        f"--web.listen-address=127.0.0.1:{port}", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
        "--web.enable-remote-write-receiver",
    ], folder) as address:  # fmt: skip
        yield address


@pytest.fixture(scope="session")
def victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a VictoriaMetrics; `/api/v1/import/prometheus` takes lines of text with times."""
    folder = tmp_path_factory.mktemp("victoria")
    with server("victoria-metrics", lambda port: [
        f"-httpListenAddr=127.0.0.1:{port}", "-storageDataPath=data", "-search.latencyOffset=0s",
        "-search.disableCache", "-memory.allowedBytes=64MB",
    ], folder, ready="/health") as address:  # fmt: skip
        yield address


@pytest.fixture(scope="session")
def node_exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("node")
    with server("prometheus-node-exporter", lambda port: [f"--web.listen-address=127.0.0.1:{port}"], folder,
                ready="/") as address:  # fmt: skip
        yield address


@pytest.fixture(scope="session")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(ALERTMANAGER)
    with server("prometheus-alertmanager", lambda port: [
        f"--web.listen-address=127.0.0.1:{port}", "--config.file=alertmanager.yml", "--storage.path=data",
        "--cluster.listen-address=",
    ], folder) as address:  # fmt: skip
        yield address
