"""Servers of other projects, each started once where a test asks for it: Prometheus and what belongs to it, and
VictoriaMetrics."""

from collections.abc import Iterator

import pytest

from tests.servers.process import server

PROMETHEUS = "global: {scrape_interval: 1h}\n"  # it would wait five seconds before it scrapes: tests write to it
ALERTMANAGER = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that takes remote writes."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(PROMETHEUS)
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
