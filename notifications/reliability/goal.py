"""Changes of the goal, each with an activity entry; and how one is undone."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from notifications.models import Channel, ReliabilityGoal
from rules.configuration.undo_plan import (
    NOT_ALLOWED,
    MayNotUndo,
    RecordedChange,
    Undo,
    UndoPlan,
    former_values,
    refuse_other_fields,
)
from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from rules.models.recorded import differences_of
from smartagent.kernel.command_line import actor_facts

GOAL_FIELDS = ("percent", "seconds", "test_channels")
VIEW_GOAL, CHANGE_GOAL = "notifications.view_reliabilitygoal", "notifications.change_reliabilitygoal"
MIN_PERCENT, MAX_PERCENT, MAX_SECONDS = 1, 100, 86_400
GOAL_KIND, CHANGED = "reliability goal", "reliability_goal_changed"
RELIABILITY_EVENTS = (
    EventKind(
        kind=CHANGED, label="reliability goal changed", configuration=GOAL_KIND,
        sentence="{by_name} changed the reliability goal: {changes}.",
    ),
)  # fmt: skip


def locked_goal() -> ReliabilityGoal:
    """The goal, which nobody else changes until the transaction ends."""
    ReliabilityGoal.objects.get_or_create(pk=1)
    return ReliabilityGoal.objects.select_for_update().get(pk=1)


def change_goal(values: Mapping[str, Any], by: Any, now: datetime) -> bool:
    """Store the `values` that differ; return whether one did."""
    with transaction.atomic():
        goal = locked_goal()
        before = copy(goal)
        for name in GOAL_FIELDS:
            setattr(goal, name, values.get(name, getattr(goal, name)))
        differences = differences_of(before, goal, GOAL_FIELDS)
        if not differences:
            return False
        goal.save()
        ActivityEntry.objects.create(
            user=by, agent_name="person", event_type=CHANGED, action_taken="none", status="success", created_at=now,
            executed_at=now, context=actor_facts(by) | {
                "changes": _in_words(before, goal), "values": differences,
            },
        )  # fmt: skip
    return True


def markable(goal: ReliabilityGoal, user: Any) -> QuerySet[Any]:
    """The channels that `user` may mark as test channels: their own, and those that are marked already."""
    rows = Channel.objects.in_use().filter(Q(user=user) | Q(pk__in=goal.test_channels))
    return rows.select_related("user").order_by("name", "pk")


def _in_words(before: ReliabilityGoal, after: ReliabilityGoal) -> str:
    parts = [f"{before} → {after}"] if str(before) != str(after) else []
    if before.test_channels != after.test_channels:
        names = Channel.objects.filter(pk__in=after.test_channels).order_by("name").values_list("name", flat=True)
        parts.append(f"test channels: {', '.join(names) or 'none'}")
    return "; ".join(parts)


class GoalUndo(Undo):
    """The former goal is given back."""

    kind = GOAL_KIND

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        if not user.has_perm(CHANGE_GOAL):
            raise MayNotUndo(NOT_ALLOWED)
        goal = locked_goal() if lock else ReliabilityGoal.current()
        refuse_other_fields(change.changes, set(GOAL_FIELDS))
        values = former_values(goal, change.changes)
        return UndoPlan(lambda: change_goal(values, user, now))
