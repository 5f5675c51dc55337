"""A soak: the load of the bench of faults, without faults, for so many minutes."""

import sys
import time
from typing import Any

import psutil
import psycopg

from smartagent.bench.faults.soak.readings import Reading, read, read_tables
from smartagent.bench.faults.soak.rows import figure_rows, table_rows, time_rows
from smartagent.bench.faults.stage import Stage

READ_SECONDS = 5.0
WARM_UP_SECONDS = 30.0
EVALUATIONS = """SELECT extract(epoch FROM started_at)::float8, extract(epoch FROM finished_at - started_at)::float8
                   FROM dispatch_runs WHERE outcome = 'completed' AND started_at >= %s ORDER BY started_at"""


def run_soak(stage: Stage, minutes: float) -> list[dict[str, Any]]:
    """The row of each figure after `minutes` of load."""
    time.sleep(WARM_UP_SECONDS)
    psutil.cpu_percent()  # since now
    with stage.database.connect() as connection:
        began = _now(connection)
        first = read_tables(connection)
    since, pages_before = time.monotonic(), len(stage.load.pages.seconds)
    readings = _watch(stage, minutes * 60)
    with stage.database.connect() as connection:
        last = read_tables(connection)
        evaluations = connection.execute(EVALUATIONS, [began]).fetchall()
    hours = (time.monotonic() - since) / 3600
    return [
        *figure_rows(readings),
        *time_rows("pages", sorted(stage.load.pages.seconds[pages_before:])),
        *time_rows("evaluations", evaluations),
        *sorted(table_rows(first, last, hours), key=lambda row: row["name"]),
    ]


def _watch(stage: Stage, seconds: float) -> list[Reading]:
    until = time.monotonic() + seconds
    readings = [read(stage)]
    while time.monotonic() < until:
        time.sleep(min(READ_SECONDS, max(until - time.monotonic(), 0)))
        readings.append(read(stage))
        if len(readings) % 12 == 0:
            sys.stderr.write(f"{(until - time.monotonic()) / 60:.1f} minutes to go\n")
    return readings


def _now(connection: "psycopg.Connection[Any]") -> Any:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    return row[0] if row else None
