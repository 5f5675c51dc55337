"""Escalation policies, and escalations in progress, as sentences."""

from django.utils import timezone

from notifications.escalations.steps import read, steps_in_words
from notifications.models import Escalation, EscalationPolicy
from smartagent.kernel.formats import clock_today


def policy_in_words(policy: EscalationPolicy) -> str:
    """All steps: `After 15m: ada@example.com. After 45m: group:operators.`"""
    return " ".join(f"{each.rstrip('.')}." for each in steps_in_words(read(policy.steps), policy.repeats))


def escalation_in_words(escalation: Escalation) -> str:
    """`Low: step 1 of 2, 10:15.`; ended, how: `Low: stopped. Acknowledged by Ada.`"""
    if escalation.status != Escalation.Status.RUNNING:
        return f"{escalation.title}: {escalation.status}. {escalation.cause}".rstrip()
    due = f", {clock_today(escalation.due_at, timezone.now())}" if escalation.due_at else ""
    return f"{escalation.title}: step {escalation.step + 1} of {len(read(escalation.steps))}{due}."
