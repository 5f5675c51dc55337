"""What a channel that holds an alert for each instance, or an incident for all, must know beyond the message.

A notification names the first ten of its instances. The others are in the activity log: entries of the same rule,
evaluation and event.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from notifications.models import Delivery
from notifications.registries import channels
from notifications.routing.grouping import MAX_INSTANCES_SHOWN
from rules.models import RuleState
from smartagent.kernel.coerce import as_uuid

MAX_INSTANCES_SENT = 1000  # of one notification
OF_ENTRIES = """
SELECT w.entry, e.id, e.context->'value', e.context->>'target', coalesce(nullif(u.full_name, ''), u.email)
  FROM unnest(%s::uuid[]) AS w (entry)
  JOIN agent_activity_log o ON o.id = w.entry
  JOIN LATERAL (
       SELECT e.id, e.context FROM agent_activity_log e
        WHERE e.rule_id = o.rule_id AND e.created_at = o.created_at AND e.run_id = o.run_id
          AND e.event_type = o.event_type AND e.status = 'success'
        ORDER BY e.id = w.entry DESC, e.id LIMIT %s) AS e ON true
  LEFT JOIN smartagent_users u ON u.id::text = e.context->>'person'
"""
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KnownInstances:
    """By the first entry of a notification, all instances where it names only some; by rule, how many instances of
    which an alert was sent fire now."""

    named: Mapping[UUID, list[Facts]] = field(default_factory=dict)
    firing: Mapping[UUID, int] = field(default_factory=dict)

    def facts_of(self, facts: Facts) -> Facts:
        """The facts of a notification, with all its instances."""
        found = self.named.get(as_uuid(str(facts.get("entry"))) or UUID(int=0))
        return facts | {"instances": found} if found else facts


def known_instances(rows: Sequence[Delivery]) -> KnownInstances:
    """What is to be known about these deliveries, in two statements; in none where they do not need it."""
    return KnownInstances(all_instances(rows), others_firing(rows))


def all_instances(rows: Sequence[Delivery]) -> dict[UUID, list[Facts]]:
    """The instances of each notification that has more than it names, by its first entry; for channels that hold an
    alert for each."""
    entries = {entry for row in rows if (entry := _first_of_many(row))}
    found: dict[UUID, list[Facts]] = defaultdict(list)
    if not entries:
        return found
    with connection.cursor() as cursor:
        cursor.execute(OF_ENTRIES, [list(entries), MAX_INSTANCES_SENT])
        for first, entry, value, target, person in cursor.fetchall():
            found[first].append({
                "entry": str(entry), "value": json.loads(value) if value else None, "target": target or "",
                "person_name": person,
            })  # fmt: skip
    return found


def others_firing(rows: Sequence[Delivery]) -> dict[UUID, int]:
    """How many instances whose alert was sent fire now, by rule; of the rules of which something has resolved."""
    rules: Collection[UUID] = {row.rule_id for row in rows if row.reason == Delivery.Reason.RESOLVED and row.rule_id}
    if not rules:
        return {}
    firing = RuleState.objects.firing().filter(rule__in=rules, last_notified_at__isnull=False)
    return dict(firing.order_by().values_list("rule").annotate(Count("pk")))


def _first_of_many(row: Delivery) -> UUID | None:
    facts = row.notification.metadata if row.notification else None
    if not isinstance(facts, dict) or row.channel is None or row.channel.kind not in channels:
        return None
    count = facts.get("count")
    many = isinstance(count, int) and count > MAX_INSTANCES_SHOWN
    return as_uuid(str(facts.get("entry"))) if many and channels[row.channel.kind].each_instance else None
