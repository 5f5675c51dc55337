"""Records missing columns in the activity log, once an hour; in the server's log where that is broken."""

import json
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from django.db import DatabaseError, ProgrammingError, connection, transaction

from smartagent.kernel.member_role import as_owner
from smartagent.kernel.schema_drift import Missing, behind, in_words

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

EVENT = "schema_incomplete"
LOG_INTERVAL = 3600.0  # seconds
# Only columns that the table has in every shape: ours may be the ones that are missing.
NOTE = """
INSERT INTO agent_activity_log (agent_name, event_type, action_taken, context, status, error_message)
SELECT 'smart_agent', %(event)s, 'none', %(context)s::jsonb, 'failed', %(words)s
 WHERE NOT EXISTS (SELECT FROM agent_activity_log WHERE status = 'failed' AND event_type = %(event)s
                    AND error_message = %(words)s AND created_at > now() - interval '1 hour')"""

_noted: dict[str, float] = {}


def notice(error: BaseException) -> tuple[Missing, ...]:
    """Return the missing parts that caused `error`, and record them."""
    missing = behind(error)
    if missing:
        note(missing)
    return missing


def if_there(ask: Callable[[], Answer]) -> Answer | None:
    """Return the result of `ask`; None, with a record, where the database lacks what it needs."""
    try:
        return ask()
    except ProgrammingError as error:
        if not notice(error):
            raise
        return None


def note(missing: Sequence[Missing]) -> None:
    """Record the missing parts, unless that was done within the hour."""
    words = in_words(missing)
    if time.monotonic() - _noted.get(words, -LOG_INTERVAL) < LOG_INTERVAL:
        return
    _noted[words] = time.monotonic()
    names = [each.name for each in missing]
    log.error("schema incomplete", missing=", ".join(names))
    params = {"event": EVENT, "words": words, "context": json.dumps({"missing": names})}
    try:
        # Of two processes that notice it at once, the second sees what the first has written.
        with as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [words])
            cursor.execute(NOTE, params)
    except DatabaseError as failure:
        cause = str(failure).partition("\n")[0]
        log.error("the activity log cannot be written", cause=cause, missing=", ".join(names))
