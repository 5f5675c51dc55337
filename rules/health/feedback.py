"""Feedback on firings: useful or noise; it can be cleared.

Feedback belongs to the activity entry of the firing. Feedback on a resolved notification counts for its firing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rules.engine.states import Event
from rules.models import Feedback

FEEDBACK_VERBS: dict[str, bool | None] = {"useful": True, "noise": False, "withdraw": None}
FEEDBACK_EVENTS = [
    Event.FIRED, Event.ESCALATED, Event.REPEATED, Event.RETRIED, Event.RELAPSED, Event.FLAPPING, Event.UNSILENCED,
    Event.REMINDED, Event.RESOLVED,
]  # fmt: skip
FEEDBACK_ENTRIES_SQL = """
SELECT e.id, coalesce(fired.id, e.id), e.rule_id
  FROM agent_activity_log e JOIN automation_rules r ON r.id = e.rule_id
  LEFT JOIN LATERAL (
    SELECT f.id FROM agent_activity_log f
     WHERE e.event_type = 'rule_resolved' AND f.state_id = e.state_id AND f.created_at <= e.created_at
       AND f.event_type IN ('rule_fired', 'rule_flapping') AND f.context->>'episode' = e.context->>'episode'
     ORDER BY f.created_at DESC LIMIT 1) AS fired ON true
 WHERE e.id = ANY(%s) AND e.event_type = ANY(%s)
"""


def may_judge(user: Any) -> bool:
    """Whether `user` may give feedback at all; on which entries depends on what they see."""
    return bool(user.is_active and user.has_perm("rules.add_feedback"))


def judge(entries: Iterable[UUID], user: Any, useful: bool | None, now: datetime) -> int:
    """Store the feedback of `user` on `entries`, or clear it with `useful=None`; return how many could be rated."""
    found = _judged(entries)
    firings = dict(sorted(found.values()))
    if useful is None:
        Feedback.objects.filter(user=user, entry__in=list(firings)).delete()
        return len(found)
    Feedback.objects.bulk_create(
        [Feedback(rule_id=rule, entry_id=entry, user=user, useful=useful, created_at=now)
         for entry, rule in firings.items()],
        update_conflicts=True, unique_fields=["entry", "user"], update_fields=["useful", "created_at"],
    )  # fmt: skip
    return len(found)


def feedback_of(user: Any, entries: Iterable[UUID]) -> dict[UUID, bool | None]:
    """The feedback of `user` on each of `entries` that can be rated; None where there is none yet."""
    found = _judged(entries)
    firings = [firing for firing, _ in found.values()]
    given = dict(Feedback.objects.filter(user=user, entry__in=firings).values_list("entry_id", "useful"))
    return {entry: given.get(firing) for entry, (firing, _) in found.items()}


def _judged(entries: Iterable[UUID]) -> dict[UUID, tuple[UUID, UUID]]:
    """For each of `entries` that can be rated: the entry that its feedback belongs to, and its rule."""
    with connection.cursor() as cursor:
        cursor.execute(FEEDBACK_ENTRIES_SQL, [list(entries), [event.value for event in FEEDBACK_EVENTS]])
        return {entry: (firing, rule) for entry, firing, rule in cursor.fetchall()}
