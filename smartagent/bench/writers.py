"""The old application, which writes and reads by its own statements, as fast as it can."""

import itertools
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import connection

logger = logging.getLogger("smartagent.bench")

Statement = tuple[str, dict[str, Any]]

NOTIFY = """INSERT INTO notifications (id, user_id, type, title, message)
            VALUES (%(id)s, %(person)s, 'success', 'New', 'Meanwhile')"""
READ = "UPDATE notifications SET is_read = true WHERE id = %(id)s"
TURN = "UPDATE notifications SET is_read = NOT is_read WHERE id = %(old)s"
AUDIT = """INSERT INTO fusion_audit_log (user_id, event_type, status, error_message)
           VALUES (%(person)s, 'email_failed', 'failed', 'no route')"""
PROPOSE = """INSERT INTO fusion_optimization_events (id, source_event_type, optimization_action, efficiency_index)
             VALUES (%(id)s, 'drift', 'pre_tune', 61.25)"""
APPLY = "UPDATE fusion_optimization_events SET applied = true WHERE id = %(id)s"
INBOX_SQL = "SELECT * FROM notifications WHERE user_id = %(person)s ORDER BY created_at DESC LIMIT 20"
PROPOSED = "SELECT * FROM optimization_events WHERE id = %(id)s"
GREET = "UPDATE profiles SET full_name = 'Somebody else' WHERE id = %(person)s"
# What is between BEGIN and COMMIT holds its locks on one table while it waits for another.
INCIDENT = (
    NOTIFY, READ, TURN, AUDIT, INBOX_SQL, PROPOSE, APPLY, PROPOSED, GREET,
    "BEGIN", TURN, AUDIT, "COMMIT",
)  # fmt: skip
# Now and then somebody reads for longer than we wait for a lock, and keeps what they have read locked meanwhile.
REPORT = (
    "BEGIN",
    "SELECT count(*) FROM notifications WHERE is_read",
    "SELECT count(*) FROM optimization_events",
    "COMMIT",
)
REPORT_TAKES, PAUSE = 0.3, 0.7  # seconds
# Who waits longer than this has failed; a report may read for as long as there is to read.
LIMIT = "SET statement_timeout = '8s'"


@dataclass(slots=True)
class Waits:
    """Statements, failures, and the longest wait in seconds of one writer."""

    statements: int = 0
    failures: int = 0
    longest: float = 0.0


@dataclass
class Writers:
    """Threads with a connection each, which repeat a sequence of statements until stopped; one more reads reports."""

    count: int
    waits: list[Waits] = field(default_factory=list)
    reports: Waits = field(default_factory=Waits)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def statements(self) -> int:
        return self.reports.statements + sum(waits.statements for waits in self.waits)

    @property
    def failures(self) -> int:
        return self.reports.failures + sum(waits.failures for waits in self.waits)

    @property
    def longest(self) -> float:
        """The longest wait of a writer in seconds, without the reports."""
        return max(waits.longest for waits in self.waits)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run the writers for the length of the block."""
        rows = known_rows()
        self.waits = [Waits() for _ in range(self.count)]
        threads = [threading.Thread(target=self._write, args=(waits, rows)) for waits in self.waits]
        threads.append(threading.Thread(target=self._report))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()

    def _write(self, waits: Waits, rows: Sequence[tuple[UUID, UUID]]) -> None:
        with another_connection() as mine:
            mine.execute(LIMIT)
            for old, person in itertools.cycle(rows):
                if self.stopping.is_set():
                    return
                execute_story(mine, waits, {"id": uuid4(), "old": old, "person": person})

    def _report(self) -> None:
        with another_connection() as mine:
            while not self.stopping.wait(PAUSE):
                execute_story(mine, self.reports, {}, REPORT[:-1])
                self.stopping.wait(REPORT_TAKES)
                execute_story(mine, self.reports, {}, REPORT[-1:])


def execute_story(
    mine: "psycopg.Connection[Any]", waits: Waits, values: dict[str, Any], story: Sequence[str] = INCIDENT
) -> None:
    """Execute the statements of `story` once, with `values`; record the longest wait and the failures in `waits`."""
    for sentence in story:
        began = time.monotonic()
        try:
            mine.execute(sentence, values)
        except psycopg.Error as error:
            waits.failures += 1
            logger.warning("the old application failed: %s (%s)", str(error).strip(), " ".join(sentence.split()))
            mine.rollback()
        waits.statements += 1
        waits.longest = max(waits.longest, time.monotonic() - began)


def another_connection() -> "psycopg.Connection[Any]":
    """Return a plain psycopg connection to the same database."""
    params = connection.get_connection_params() | {"context": None, "cursor_factory": psycopg.Cursor}
    return psycopg.connect(**params | {"autocommit": True})


def known_rows() -> list[tuple[UUID, UUID]]:
    """Return (id, user id) of up to 5,000 notifications, in random order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, user_id FROM notifications ORDER BY md5(id::text) LIMIT 5000")
        return list(cursor.fetchall())
