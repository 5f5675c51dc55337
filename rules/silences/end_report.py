"""The report at the end of a window of a silence: one entry with what still fires and what resolved meanwhile.

What still fires is notified by the same evaluation, since no silence covers it any more; this entry sums it up. A
conditional UPDATE claims each window in the transaction that writes its entry, so it is reported once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from rules.engine.open_alerts import STATES_SQL, fires_now_sql
from rules.isolation import readable
from rules.models import ActivityEntry, Silence
from rules.models.querysets import LAST_END
from rules.silences.matchers import covers_in_words
from rules.silences.windows import Window, ended
from smartagent.kernel.durations import format_duration

log = structlog.get_logger(__name__)
SILENCE_ENDED_EVENT = "silence_ended"
MAX_INSTANCES_NAMED = 100  # instances that an entry names; it counts them all
SUPPRESSED_SQL = f"""
SELECT e.rule_id, max(e.context->>'rule_name') AS rule_name, e.context->>'person' AS person,
       coalesce(nullif(max(u.full_name), ''), max(u.email), 'somebody') AS person_name, e.context->>'target' AS target,
       count(*) FILTER (WHERE e.event_type = 'rule_fired') AS fired, min(e.created_at) AS first,
       coalesce(bool_or({fires_now_sql()}), false) AS fires,
       coalesce(bool_or(s.silence_id IS NOT NULL), false) AS silenced, max(s.fired_at) AS firing_since,
       max(e.created_at) FILTER (WHERE e.event_type = 'rule_resolved') AS resolved_at
  FROM agent_activity_log e
  LEFT JOIN rule_states s ON s.id = e.state_id
  LEFT JOIN smartagent_users u ON u.id::text = e.context->>'person'
 WHERE e.created_at BETWEEN %(start)s AND %(now)s AND e.context->>'silence' = %(silence)s
   AND (e.context->>'to' IN {STATES_SQL} OR e.context->>'from' IN {STATES_SQL})
 GROUP BY e.rule_id, e.state_id, 3, 5
 ORDER BY 2, 4, 5
"""


@dataclass(frozen=True, slots=True)
class SuppressedInstance:
    """An instance suppressed in the window: how often it fired, and its state since."""

    rule: UUID | None
    rule_name: str | None
    person: str
    person_name: str
    target: str
    fired: int
    first: datetime
    fires: bool
    silenced: bool
    firing_since: datetime | None
    resolved_at: datetime | None

    def fact(self) -> dict[str, Any]:
        """The JSON object stored in the entry."""
        fact: dict[str, Any] = {
            "rule": str(self.rule) if self.rule else None, "rule_name": self.rule_name, "person": self.person,
            "person_name": self.person_name, "target": self.target or "", "fired": self.fired,
        }  # fmt: skip
        if self.fires:
            since = self.firing_since or self.first
            return fact | {"since": since.isoformat(), "silenced": self.silenced}
        return fact | {"resolved_at": self.resolved_at.isoformat() if self.resolved_at else None}


def report_ended(run: UUID | None, now: datetime) -> int:
    """Report every window that ended up to `now` and was not reported; return how many there were."""
    reported = 0
    among = Silence.objects.unreported().filter(starts_at__lte=now)
    for silence in readable(
        among.select_related("created_by", "cancelled_by", "user", "rule", "person").order_by("pk")
    ):
        reported += report_windows(silence, run, now)
    closed = Silence.objects.unreported().alias(closes=Coalesce(F("cancelled_at"), LAST_END))
    closed.filter(closes__lte=now).update(reported_at=now)
    return reported


def report_windows(silence: Silence, run: UUID | None, now: datetime) -> int:
    """Report the windows of one silence that ended up to `now`; return how many there were."""
    try:
        over = ended(silence, silence.reported_at or silence.starts_at, now)
    except (ValueError, OverflowError) as error:
        log.warning("silence cannot be read", silence=str(silence.pk), cause=str(error))
        return 0
    return sum(_report(silence, window, run, now) for window in over)


def suppressed_instances(silence: Silence, window: Window, now: datetime) -> list[SuppressedInstance]:
    """The instances that `silence` suppressed in `window`, with their state at `now`."""
    params: dict[str, Any] = {"start": window.start, "now": now, "silence": str(silence.pk)}
    with connection.cursor() as cursor:
        cursor.execute(SUPPRESSED_SQL, params)
        return [SuppressedInstance(*row) for row in cursor.fetchall()]


def _report(silence: Silence, window: Window, run: UUID | None, now: datetime) -> bool:
    earlier = Q(reported_at=None) | Q(reported_at__lt=window.end)
    with transaction.atomic():
        claimed = Silence.objects.filter(earlier, pk=silence.pk).update(reported_at=window.end)
        if not claimed:
            return False  # another dispatcher got there first
        ActivityEntry.objects.create(
            user=silence.user or silence.created_by, rule=silence.rule, run_id=run, event_type=SILENCE_ENDED_EVENT,
            action_taken="none", context=_context(silence, window, now), created_at=now, executed_at=now,
        )  # fmt: skip
    return True


def _context(silence: Silence, window: Window, now: datetime) -> dict[str, Any]:
    quiet = suppressed_instances(silence, window, now)
    firing, resolved = ([one for one in quiet if one.fires is fires] for fires in (True, False))
    early = silence.cancelled_at is not None and silence.cancelled_at == window.end
    return {
        "silence": str(silence.pk), "comment": silence.comment, "covers": covers_in_words(silence),
        "made_by": str(silence.created_by) if silence.created_by else None,
        "from": window.start.isoformat(), "until": window.end.isoformat(),
        "lasted": format_duration(window.end - window.start), "ended_early": early,
        "ended_by": str(silence.cancelled_by) if early and silence.cancelled_by else None,
        "still_firing": len(firing), "resolved": len(resolved),
        "still_firing_instances": [one.fact() for one in firing[:MAX_INSTANCES_NAMED]],
        "resolved_instances": [one.fact() for one in resolved[:MAX_INSTANCES_NAMED]],
    }  # fmt: skip
