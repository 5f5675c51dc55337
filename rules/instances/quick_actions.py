"""What is done to alerts in one step, from wherever they are shown: acknowledge, snooze for an hour, take."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from rules.engine.open_alerts import OPEN_ALERT, is_open
from rules.instances import handling
from rules.models import RuleState
from rules.models.querysets import StateQuerySet
from smartagent.kernel.formats import counted

SNOOZED_FOR = timedelta(hours=1)
Quick = Callable[[StateQuerySet, Any, datetime], int]
QUICK_VERBS: dict[str, tuple[str, Quick]] = {
    "acknowledge": ("Acknowledged {n}.", handling.acknowledge),
    "snooze": ("Snoozed {n} for 1 hour.", lambda some, by, now: handling.snooze(some, by, now, now + SNOOZED_FOR)),
    "take": ("Assigned {n} to you.", lambda some, by, now: handling.assign(some, by, now, by)),
}
QUICK_LABELS = {
    "acknowledge": ("Acknowledge", "check"), "snooze": ("Snooze 1 h", "snooze"), "take": ("Assign to me", "person_add"),
}  # fmt: skip
UNCHANGED = "Nothing changed: no longer firing, or already done."


def done(verb: str, states: StateQuerySet, by: Any) -> tuple[int, str]:
    """Do `verb` to the open alerts among `states`: how many were changed, and that in words. KeyError for an
    unknown verb."""
    words, handle = QUICK_VERBS[verb]
    open_ones = states.filter(OPEN_ALERT)
    if verb == "acknowledge":  # who acknowledged first stays
        open_ones = open_ones.exclude(handling=RuleState.Handling.ACKNOWLEDGED)
    count = handle(open_ones, by, timezone.now())
    return count, words.format(n=counted(count, "alert")) if count else UNCHANGED


def changeable(user: Any, keys: Iterable[UUID]) -> set[UUID]:
    """Those of the instances with these keys that `user` may handle; one query, none without the permission."""
    wanted = list(keys)
    if not wanted or not user.has_perm("rules.change_rulestate"):
        return set()
    return set(RuleState.objects.changeable_by(user).filter(pk__in=wanted).order_by().values_list("pk", flat=True))


def verbs_for(states: Iterable[RuleState], user: Any) -> list[tuple[str, str, str]]:
    """The verbs that would change one of `states`, with their labels and icons; none where none is open."""
    open_ones = [state for state in states if is_open(state.condition, state.fired_at)]
    possible = {
        "acknowledge": any(state.handling != RuleState.Handling.ACKNOWLEDGED for state in open_ones),
        "snooze": any(state.handling == RuleState.Handling.OPEN for state in open_ones),
        "take": any(state.assignee_id != user.pk for state in open_ones),
    }
    return [(verb, *shown) for verb, shown in QUICK_LABELS.items() if possible[verb]]
