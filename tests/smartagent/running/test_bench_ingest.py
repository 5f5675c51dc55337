"""The bench of pushed samples sends them by every protocol, and counts what arrived."""

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from smartagent.bench.ingest import bench_ingest
from smartagent.bench.ingest_bodies import BODIES


@pytest.fixture
def kept_connection(db):
    """The connection of the test outlives its requests, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_each_protocol_has_its_figures(kept_connection):
    rows = bench_ingest(300)["protocols"]
    assert [row["protocol"] for row in rows] == list(BODIES)
    assert all(row["samples_per_second"] > 0 < row["floor_per_second"] for row in rows)
    assert all(row["ratio"] > 0 for row in rows)
