"""A soak: the load of the bench of faults, without faults, for so many minutes."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psutil
import psycopg

from smartagent.bench.faults.load import Answer
from smartagent.bench.faults.soak.processors import Processors
from smartagent.bench.faults.soak.readings import Reading, TableReading, read, read_tables
from smartagent.bench.faults.soak.rows import figure_rows, table_rows, time_rows
from smartagent.bench.faults.stage import Stage

READ_SECONDS = 5.0
TABLES_EVERY = 12  # readings
WARM_UP_SECONDS = 30.0
EVALUATIONS = """SELECT extract(epoch FROM started_at)::float8, extract(epoch FROM finished_at - started_at)::float8
                   FROM dispatch_runs WHERE outcome = 'completed' AND started_at >= %s ORDER BY started_at"""


def run_soak(stage: Stage, minutes: float) -> list[dict[str, Any]]:
    """The row of each figure after `minutes` of load."""
    time.sleep(WARM_UP_SECONDS)
    psutil.cpu_percent()  # since now
    with stage.database.connect() as connection:
        began = _now(connection)
    pages_before = len(stage.load.pages.answers)
    readings, first = _watch(stage, minutes * 60)
    with stage.database.connect() as connection:
        last = read_tables(connection)
        evaluations = connection.execute(EVALUATIONS, [began]).fetchall()
    return [
        *figure_rows(readings),
        *_page_rows(stage.load.pages.answers[pages_before:]),
        *time_rows("evaluations", evaluations),
        *sorted(table_rows(first, last), key=lambda row: row["name"]),
    ]


def _page_rows(answers: Sequence[Answer]) -> Iterator[dict[str, Any]]:
    """The times of all pages together, and of each page."""
    answers = sorted(answers)
    yield from time_rows("pages", [(each.at, each.seconds) for each in answers])
    for page in sorted({each.page for each in answers}):
        yield from time_rows(f"page {page}", [(each.at, each.seconds) for each in answers if each.page == page])


def _watch(stage: Stage, seconds: float) -> tuple[list[Reading], dict[str, TableReading]]:
    """The readings of every few seconds, and the first reading of each table that was or became large."""
    until = time.monotonic() + seconds
    processors = Processors()
    readings, tables = [read(stage, processors)], _new_tables(stage, {})
    while time.monotonic() < until:
        time.sleep(min(READ_SECONDS, max(until - time.monotonic(), 0)))
        readings.append(read(stage, processors))
        if len(readings) % TABLES_EVERY == 0:
            tables |= _new_tables(stage, tables)
            sys.stderr.write(f"{(until - time.monotonic()) / 60:.1f} minutes to go\n")
    return readings, tables


def _new_tables(stage: Stage, known: dict[str, TableReading]) -> dict[str, TableReading]:
    with stage.database.connect() as connection:
        return read_tables(connection, known.keys())


def _now(connection: "psycopg.Connection[Any]") -> Any:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    return row[0] if row else None
