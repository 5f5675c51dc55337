"""The alerts that notifications are about: each instance that they name."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from notifications.inbox.consequences import entries_of
from notifications.models import Notification
from rules.models import ActivityEntry, RuleState
from rules.models.querysets import WORST_FIRST


def alerts_of(notifications: Sequence[Notification], viewer: Any) -> dict[UUID, list[RuleState]]:
    """The instances of each notification, as far as `viewer` may see them, the worst first: two queries."""
    named = {one.pk: entries_of(one) for one in notifications}
    entries = {entry for keys in named.values() for entry in keys}
    if not entries or not viewer.has_perm("rules.view_rulestate"):
        return {}
    rows = ActivityEntry.objects.filter(pk__in=entries, state__isnull=False).order_by()
    state_of = dict(rows.values_list("pk", "state_id"))
    seen = RuleState.objects.visible_to(viewer).filter(pk__in=set(state_of.values()))
    states = list(seen.select_related("rule", "user", "assignee").order_by(*WORST_FIRST))
    found: dict[UUID, list[RuleState]] = {}
    for key, keys in named.items():
        wanted = {state_of.get(entry) for entry in keys}
        if about := [state for state in states if state.pk in wanted]:
            found[key] = about
    return found
