"""Responses of a person to a proposal: approve, apply now, dismiss, roll back, mark as done.

The same for pages and API; each has a check that explains why it is not possible.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from optimizer.execution.runner import apply, roll_back
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.policy.guardrails import approval_refusal
from optimizer.policy.track_record import guardrails_of
from optimizer.proposals.decisions import (
    ANSWERED,
    DecisionRefused,
    approve,
    dismiss,
    dismissed_until,
    done_by_hand,
    may_begin,
)
from smartagent.kernel.member_role import as_owner

Status = OptimizationEvent.Status
RESPONSE_VERBS = {
    "approve": "Approve", "apply": "Apply now", "dismiss": "Dismiss", "roll_back": "Roll back",
    "by_hand": "Mark as done",
}  # fmt: skip
SNOOZE_CHOICES = {"1d": "for a day", "7d": "for 7 days", "30d": "for 30 days", "ever": "for ever"}
FITS = {
    "approve": {Status.PROPOSED}, "apply": {Status.PROPOSED, Status.APPROVED},
    "dismiss": {Status.PROPOSED, Status.APPROVED}, "roll_back": {Status.APPLIED, Status.FAILED},
    "by_hand": {Status.PROPOSED, Status.APPROVED},
}  # fmt: skip
MAX_ANSWERED_EVENTS = 100  # are answered at once
EMPTY = "This optimization has no operations; its steps are manual."
NOTHING_DONE = "No operation was applied, so there is nothing to roll back."


def obstacle(verb: str, event: OptimizationEvent, by: Any, policy: OptimizerPolicy, now: datetime) -> str:
    """The reason why `by` cannot respond with `verb` now; empty where they can. Reads steps and rule of the event."""
    if event.status not in FITS[verb]:
        return f"The optimization is {event.get_status_display().lower()}."
    if event.status == Status.PROPOSED and event.expires_at and event.expires_at <= now and verb != "dismiss":
        return ANSWERED
    steps = list(event.steps.all())
    if verb == "roll_back":
        return "" if any(step.status == "done" for step in steps) else NOTHING_DONE
    if verb in ("approve", "apply") and not steps:
        return EMPTY
    if verb == "by_hand" and steps:
        return "This optimization has operations; apply it instead."
    if verb in ("approve", "apply") and event.status == Status.PROPOSED and (why := _not_by(event, by, policy)):
        return why
    return may_begin(event, policy, now) if verb == "apply" else ""


@as_owner()
def answer(
    verb: str, event: OptimizationEvent, by: Any, now: datetime, *, lasts: str = "7d", note: str = ""
) -> OptimizationEvent:
    """Respond as `by`, and return the updated proposal; DecisionRefused where that is not possible (any more)."""
    if why := obstacle(verb, event, by, OptimizerPolicy.current(), now):
        raise DecisionRefused(why)
    if verb == "dismiss":
        dismiss(event, by, now, until=dismissed_until(lasts, now), note=note)
    elif verb == "roll_back":
        roll_back(event, by, now, note=note)
    elif verb == "by_hand":
        done_by_hand(event, by, now, note=note)
    elif event.status == Status.PROPOSED:
        approve(event, by, now)
    if verb == "apply":
        apply(event.pk, now)
    event.refresh_from_db()
    return event


def answer_many(
    verb: str, events: Iterable[OptimizationEvent], by: Any, *, lasts: str = "7d", note: str = ""
) -> tuple[list[OptimizationEvent], list[tuple[OptimizationEvent, str]]]:
    """Respond to each; return those that succeeded, and the others with the reason. Each has its own time, since
    applying takes time."""
    done, refused = [], []
    for event in events:
        try:
            done.append(answer(verb, event, by, timezone.now(), lasts=lasts, note=note))
        except DecisionRefused as refusal:
            refused.append((event, str(refusal)))
    return done, refused


def success_message(verb: str, event: OptimizationEvent) -> str:
    """The message after a response."""
    if verb == "apply" and event.status == Status.FAILED:
        return f"Failed. {event.error_message}"
    if verb == "apply" and event.status == Status.APPLYING:
        return "The optimization is being applied; a failed step is retried."
    scheduled = event.optimization_action == OptimizationEvent.Kind.SCHEDULED
    return {
        "approve": f"Approved. It is applied {'in its change window' if scheduled else 'within a minute'}.",
        "apply": "Applied. The effect is measured in one day.", "dismiss": "Dismissed.",
        "roll_back": "Rolled back.", "by_hand": "Marked as done. The effect is measured in one day.",
    }[verb]  # fmt: skip


def _not_by(event: OptimizationEvent, by: Any, policy: OptimizerPolicy) -> str:
    return approval_refusal(guardrails_of(policy), by=by.pk, involved=event.involved)
