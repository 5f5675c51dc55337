"""The bench of pushed samples sends them by every protocol, and counts what arrived."""

import pytest

from smartagent.bench.ingest import bench_ingest
from smartagent.bench.ingest_bodies import BODIES


@pytest.mark.django_db(transaction=True)
def test_each_protocol_has_its_figures():
    rows = bench_ingest(300)["protocols"]
    assert [row["protocol"] for row in rows] == list(BODIES)
    assert all(row["samples_per_second"] > 0 < row["floor_per_second"] for row in rows)
    assert all(row["ratio"] > 0 for row in rows)
