"""What an evaluation made of each rule, as the legacy dispatcher told it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Count

from rules.models import ActivityEntry, AutomationRule, DispatchRun, RuleState

MAX_RESULTS = 10_000
EXECUTED = (ActivityEntry.Status.SUCCESS, ActivityEntry.Status.FAILED)
BY_STATE = {
    "error": "The metric could not be evaluated", "firing": "Already firing", "recovering": "Recovering",
    "pending": "Pending: the condition is not met for long enough yet", "no_data": "No data",
}  # fmt: skip


def rule_results(run: DispatchRun, owner: UUID | None) -> tuple[list[dict[str, Any]], bool]:
    """The result of each rule that `run` has evaluated, the first of them by name, and whether there are more."""
    rules = AutomationRule.objects.in_force().evaluated_for(owner, None).order_by("rule_name", "pk")
    named = list(rules.values_list("pk", "rule_name")[: MAX_RESULTS + 1])
    shown = named[:MAX_RESULTS]
    keys = [key for key, _ in shown]
    acted, states = _acted(run, keys), _states(keys)
    results = [
        {"rule_id": str(key), "rule_name": name, "triggered": True, "action_result": acted[key]}
        if key in acted
        else {"rule_id": str(key), "rule_name": name, "triggered": False, "reason": _reason(states.get(key, {}))}
        for key, name in shown
    ]
    return results, len(named) > MAX_RESULTS


def _acted(run: DispatchRun, keys: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the actions of this run did, by rule; of several instances the first, and how many there are."""
    entries = ActivityEntry.objects.filter(run=run, rule__in=keys, status__in=EXECUTED).exclude(action_taken="none")
    found: dict[UUID, dict[str, Any]] = {}
    for entry in entries.order_by("created_at", "pk"):
        if entry.rule_id in found:
            found[entry.rule_id]["instances"] += 1
            continue
        outcome = entry.context.get("outcome") if isinstance(entry.context, dict) else None
        found[entry.rule_id] = {
            "success": entry.status == ActivityEntry.Status.SUCCESS, "action_type": entry.action_taken,
            "instances": 1, "activity_id": str(entry.pk),
            **({"error": entry.error_message} if entry.error_message else {}),
            **({"details": outcome} if isinstance(outcome, dict) else {}),
        }  # fmt: skip
    return found


def _states(keys: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """How many instances of each rule are in which state."""
    found: dict[UUID, dict[str, int]] = {}
    rows = RuleState.objects.filter(rule__in=keys).order_by().values("rule", "condition").annotate(count=Count("pk"))
    for row in rows:
        found.setdefault(row["rule"], {})[row["condition"]] = row["count"]
    return found


def _reason(states: Mapping[str, int]) -> str:
    """Why a rule did nothing: the state of its worst instance."""
    for state, words in BY_STATE.items():
        if count := states.get(state):
            return f"{words}." if count == 1 else f"{words} ({count:,} instances)."
    return "Condition not met."
