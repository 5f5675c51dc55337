"""Receipts of requests by other protocols: counted for each person and protocol, and what was not kept is logged once.

The activity log has an entry when a reason occurs for the first time for a person and protocol; the counts are in the
receipt from then on.
"""

from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from rules.engine.event_kinds import EventKind
from rules.ingest.intake import UNREMARKABLE, Intake
from rules.models import ActivityEntry
from smartagent.models import User

NOT_KEPT_EVENT = "samples_not_kept"
INGEST_EVENTS = (
    EventKind(
        kind=NOT_KEPT_EVENT, label="samples not kept", tone="warning",
        sentence="{protocol}: {reasons} cannot be stored. {example} Further ones are counted under received metrics.",
    ),
)  # fmt: skip

COUNT_RECEIVED = """
INSERT INTO metric_receipts AS r (user_id, protocol, requests, samples, not_kept, example, last_at, refused_at)
VALUES (%(user)s, %(protocol)s, 1, %(samples)s, %(not_kept)s, %(example)s, %(now)s, %(refused_at)s)
    ON CONFLICT (user_id, protocol) DO UPDATE
   SET requests = r.requests + 1, samples = r.samples + excluded.samples,
       last_at = greatest(r.last_at, excluded.last_at), refused_at = greatest(r.refused_at, excluded.refused_at),
       example = CASE WHEN excluded.example = '' THEN r.example ELSE excluded.example END,
       not_kept = CASE WHEN excluded.not_kept = '{}' THEN r.not_kept ELSE (
           SELECT jsonb_object_agg(reason, total) FROM (
               SELECT key AS reason, sum(value::bigint) AS total FROM (
                   SELECT * FROM jsonb_each_text(r.not_kept)
                    UNION ALL
                   SELECT * FROM jsonb_each_text(excluded.not_kept)) each GROUP BY key) totals) END
RETURNING (SELECT not_kept FROM metric_receipts old WHERE old.user_id = r.user_id AND old.protocol = r.protocol)
"""


def note_receipt(user: User, protocol: str, intake: Intake) -> None:
    """Count a request of `user`, and log the reasons that occurred in it for the first time."""
    counts = {str(reason): count for reason, count in intake.not_kept.items()}
    params: dict[str, Any] = {
        "user": user.pk, "protocol": protocol, "samples": len(intake.columns), "not_kept": Jsonb(counts),
        "example": intake.example, "now": intake.now, "refused_at": intake.now if intake.refused else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COUNT_RECEIVED, params)
        (before,) = cursor.fetchone()
    known = before or {}
    if new := [reason for reason in counts if reason not in known and reason not in UNREMARKABLE]:
        _log(user, protocol, new, intake)


def _log(user: User, protocol: str, reasons: list[str], intake: Intake) -> None:
    ActivityEntry.objects.create(
        user=user, agent_name="ingest", event_type=NOT_KEPT_EVENT, action_taken="none",
        context={
            "person": str(user.pk), "protocol": protocol, "reasons": ", ".join(sorted(reasons)),
            "example": intake.examples[0] + "." if intake.examples else "",
        },
        status="success", created_at=intake.now, executed_at=intake.now,
    )  # fmt: skip
