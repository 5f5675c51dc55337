"""One fault after the other: brought about, ended, recovered from, and counted."""

import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import httpx
import psycopg
from django.db import connection
from django.utils import timezone

from rules.audit.acceptance import accept, late_links
from rules.audit.verification import Verifier
from rules.management.commands.audit import verification_lines
from smartagent.bench.faults import counts, visible
from smartagent.bench.faults.database_faults import database_faults, replica_faults
from smartagent.bench.faults.outside_faults import outside_faults
from smartagent.bench.faults.process_faults import process_faults
from smartagent.bench.faults.recovery import recover, total
from smartagent.bench.faults.stage import Fault, Stage

GOAL_SECONDS = timedelta(seconds=30)
SETTLE_SECONDS = 120.0
LOOK_SECONDS = 0.5
COUNTED_TRIES = 20


def every_fault() -> list[Fault]:
    """In the order in which they are brought about: the replica stays."""
    return list(chain(process_faults(), database_faults(), outside_faults(), replica_faults()))


@dataclass(frozen=True, kw_only=True)
class Span:
    """Times by the clock of the database, which no fault changes."""

    began: datetime
    ended: datetime
    recovered: datetime


def run_faults(stage: Stage, names: Collection[str], every: int) -> Iterator[dict[str, Any]]:
    """The row of each fault, of all or of those with `names`; `every` is the interval of evaluations in seconds."""
    counted = counts.Counts()
    for fault in every_fault():
        if names and fault.name not in names:
            continue
        if reason := fault.impossible(stage):
            yield {"name": fault.name, "skipped": reason}
            continue
        row, counted = _row(stage, fault, every, counted)
        sys.stderr.write(f"{fault.name}: {row['recovered_s']} s, {row['lost']} lost, {row['doubled']} doubled\n")
        yield row


def _row(stage: Stage, fault: Fault, every: int, before: counts.Counts) -> tuple[dict[str, Any], counts.Counts]:
    """The row, and what was counted up to its end; `before` was counted up to its beginning."""
    known, failures = visible.findings(), (stage.load.samples.failures, stage.load.pages.failures)
    began, lines = _now(stage), list(stage.installation.lines)
    problem = _bring_about(stage, fault)
    ended = time.monotonic()
    seconds = recover(stage, ended)
    span = Span(began=began, ended=_now(stage) - timedelta(seconds=time.monotonic() - ended), recovered=_now(stage))
    settled = _settle(stage, span)
    so_far = _counts(stage, span, every)
    counted = so_far.since(before)
    with stage.database.connect() as mine:
        seen = visible.seen(mine, span.began, _now(stage), known)
    chain_valid, chain_text = _verify(fault)
    seen += [f"output: {line}" for line in stage.installation.lines if "were dropped" in line and line not in lines]
    seen += [f"audit: {chain_text}"] if chain_text and chain_valid else []
    row = {
        "name": fault.name,
        "missed": counted.evaluations_missed,
        "doubled": counted.evaluations_doubled + counted.doubled,
        "lost": counted.lost,
        "recovered_s": total(seconds),
        "visible": seen[0] if seen else fault.harmless,
        "cause": fault.cause,
        "holds": fault.holds,
        "problem": problem,
        "chain_valid": chain_valid,
        "chain": chain_text,
        "recovered": seconds,
        "settled_s": settled,
        "counts": asdict(counted),
        "failed_requests": {
            "samples": stage.load.samples.failures - failures[0], "pages": stage.load.pages.failures - failures[1],
            "last": stage.load.pages.last_failure,
        },
        "seen": seen,
    }  # fmt: skip
    return row, so_far


def _bring_about(stage: Stage, fault: Fault) -> str:
    """Begin and end it; what did not hold by itself is returned in words."""
    problems = []
    for step in (fault.begin, fault.end):
        try:
            step(stage)
        except Exception as error:
            problems.append(f"{type(error).__name__}: {error}")
        if step is fault.begin:
            time.sleep(fault.seconds)
    return " ".join(problems)


def _now(stage: Stage) -> datetime:
    for _ in range(COUNTED_TRIES):
        with suppress(psycopg.Error), stage.database.connect() as mine:
            row = mine.execute("SELECT clock_timestamp()").fetchone()
            return row[0]  # type: ignore[index, no-any-return]
        time.sleep(LOOK_SECONDS)
    raise TimeoutError("The database of the installation does not answer.")


def _settle(stage: Stage, span: Span) -> float | None:
    """Wait until each delivery of the fault has an outcome; the seconds, None where one has none for too long."""
    since = time.monotonic()
    while time.monotonic() - since < SETTLE_SECONDS:
        with stage.database.connect() as mine:
            if not counts.unsettled(mine, span.began, span.recovered):
                return round(time.monotonic() - since, 1)
        time.sleep(LOOK_SECONDS)
    return None


def _counts(stage: Stage, span: Span, every: int) -> counts.Counts:
    acknowledged = set(stage.load.samples.acknowledged)
    excused = (span.began - timedelta(seconds=every), span.ended + GOAL_SECONDS)
    with stage.database.connect() as mine:
        missed, doubled = counts.count_runs(
            mine, span.began - timedelta(seconds=2 * every), span.recovered, every, excused
        )
        with counts.between_evaluations(mine):
            actions = counts.count_actions(mine)
            deliveries = counts.count_deliveries(mine, _received(stage))
            figures = {**actions, **deliveries, **counts.count_samples(mine, acknowledged)}
    return counts.Counts(evaluations_missed=missed, evaluations_doubled=doubled, **figures)


def _received(stage: Stage) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for receiver in stage.receivers:
        for _ in range(COUNTED_TRIES):
            with suppress(httpx.HTTPError):
                found |= receiver.counts()
                break
    return found


def _verify(fault: Fault) -> tuple[bool, str]:
    """Whether the chain of the activity log is valid, and what `manage.py audit verify` says of one that is not. Where
    the fault has dated entries back, it must say so and nothing else; then they are accepted, as a person would."""
    try:
        found = Verifier([]).run()
        text = "" if found.ok else "\n".join(verification_lines(found))
        if fault.dates_back and {each.kind for each in found.findings} == {"inserted"}:
            accept(late_links(), fault.cause, {}, timezone.now())
            return True, text
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
    return found.ok and not fault.dates_back, text
