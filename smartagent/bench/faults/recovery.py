"""When everything works again after a cause has ended: a page, a sample, an evaluation, a task and a delivery."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx
import psycopg

from smartagent.bench.faults.stage import Stage

LOOK_SECONDS = 0.25
GIVE_UP_SECONDS = 180.0
# Not what a clock that was ahead has written.
EVALUATED = """SELECT count(*) FROM dispatch_runs
                WHERE outcome = 'completed' AND trigger = 'schedule' AND started_at > %s AND started_at <= now()"""
WORKED = "SELECT count(*) FROM django_q_task WHERE success AND started > %s AND started <= now()"
DELIVERED = """SELECT count(*) FROM deliveries
                WHERE status = 'delivered' AND settled_at > %s AND settled_at <= now() AND channel_id = ANY(%s)"""
STATEMENTS = {"evaluations": EVALUATED, "tasks": WORKED}
PARTS = ("pages", "samples", *STATEMENTS, "deliveries")


def recover(stage: Stage, ended: float) -> dict[str, float | None]:
    """Wait until each part has worked since `ended` (monotonic); the seconds of each, None where one does not."""
    seconds: dict[str, float | None] = dict.fromkeys(PARTS)
    while None in seconds.values() and time.monotonic() - ended < GIVE_UP_SECONDS:
        time.sleep(LOOK_SECONDS)
        for part in PARTS:
            if seconds[part] is None and _works(stage, part, ended):
                seconds[part] = round(time.monotonic() - ended, 1)
    return seconds


def _works(stage: Stage, part: str, ended: float) -> bool:
    if part == "pages":
        return stage.load.pages.last_success > ended
    if part == "samples":
        return stage.load.samples.last_success > ended
    with suppress(psycopg.Error, httpx.HTTPError), stage.database.connect() as connection:
        if part == "deliveries":  # to each receiver
            return all(_since(connection, DELIVERED, ended, some) for some in stage.data.channels if some)
        return _since(connection, STATEMENTS[part], ended)
    return False


def _since(connection: "psycopg.Connection[tuple[int]]", statement: str, ended: float, *values: Any) -> bool:
    since = statement.replace("%s", "now() - make_interval(secs => %s)", 1)
    row = connection.execute(since, [time.monotonic() - ended, *values]).fetchone()
    return bool(row and row[0])


def total(seconds: dict[str, float | None]) -> float | None:
    """The seconds until the last part works; None where one does not."""
    known: Sequence[float] = [each for each in seconds.values() if each is not None]
    return max(known) if len(known) == len(seconds) else None
