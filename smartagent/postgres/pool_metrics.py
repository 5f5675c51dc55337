"""What the pool of a process counts for Prometheus: as it is when a connection is taken from it or given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg_pool import ConnectionPool

from smartagent.kernel.process_metrics import gauge

CONNECTIONS = gauge(
    "smartagent_database_pool_connections", "Connections in the pools of all processes, by use.", ["state"],
    lambda: [("in_use",), ("idle",)],
)  # fmt: skip
REQUESTS = gauge(
    "smartagent_database_pool_requests", "Requests for a connection that wait, because all of their pool are in use.",
    ["state"], lambda: [("waiting",)],
)  # fmt: skip


@contextmanager
def taking(pool: ConnectionPool[Any] | None) -> Iterator[None]:
    """The block takes a connection out of the pool, and may wait for it."""
    if pool is not None and _must_wait(pool):
        REQUESTS.labels("waiting").inc()
    try:
        yield
    finally:
        note(pool)


def note(pool: ConnectionPool[Any] | None) -> None:
    """Count what is in the pool now."""
    if pool is None:
        return
    stats = pool.get_stats()
    size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
    CONNECTIONS.labels("in_use").set(max(0, size - idle))
    CONNECTIONS.labels("idle").set(idle)
    REQUESTS.labels("waiting").set(stats.get("requests_waiting", 0))


def _must_wait(pool: ConnectionPool[Any]) -> bool:
    stats = pool.get_stats()
    return not stats.get("pool_available", 0) and stats.get("pool_size", 0) >= stats.get("pool_max", 0)
