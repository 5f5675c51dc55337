"""Sentences about a proposal: its status and outcome."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from optimizer.inert import changed_nothing
from optimizer.models import OptimizationEvent
from optimizer.registries import operations, strategies
from rules.text.entry import metric_name, number
from smartagent.kernel.formats import clock

Status, Verdict = OptimizationEvent.Status, OptimizationEvent.Verdict
HELPED = {
    Verdict.IMPROVED: "Improved", Verdict.UNCHANGED: "No significant change",
    Verdict.WORSE: "Worse", Verdict.TOO_LITTLE: "Effect unknown",
}  # fmt: skip


def strategy_name(kind: str | None) -> str:
    """The name of a strategy."""
    if not kind:
        return "an optimization"
    return strategies[kind].label if kind in strategies else kind.replace("_", " ").capitalize()


def operation_name(kind: str) -> str:
    """The name of an operation."""
    return operations[kind].label if kind in operations else kind.replace("_", " ").capitalize()


def title_of(event: OptimizationEvent) -> str:
    """`Integration recovery for Alice`"""
    name = strategy_name(event.strategy) if event.strategy else event.get_optimization_action_display().capitalize()
    return f"{name} for {event.user or 'the platform'}"


def optimization_in_words(event: OptimizationEvent) -> str:
    """What is proposed for whom, and its status: `Integration recovery for Alice: Being applied.`"""
    return f"{title_of(event)}: {' '.join(stands_in_words(event, timezone.now()))}"


def stands_in_words(event: OptimizationEvent, now: datetime) -> list[str]:
    """The status and its reason, one sentence each."""
    status, sentences = event.status, []
    if status == Status.PROPOSED:
        sentences.append(_waits(event, now))
    elif status == Status.APPROVED:
        scheduled = event.optimization_action == OptimizationEvent.Kind.SCHEDULED
        sentences.append(f"{_approved(event)} {WINDOW if scheduled else SOON}")
    elif status == Status.APPLYING:
        sentences.append("Being applied.")
    elif status == Status.APPLIED:
        sentences.append(f"Applied{_at(event.applied_at)}. {_applied_by(event)}".strip())
    elif status == Status.DISMISSED:
        sentences.append(_dismissed(event))
    elif status == Status.FAILED:
        sentences.append(f"It failed{_at(event.ended_at)}.")
    elif status == Status.ROLLED_BACK:
        sentences.append(f"Rolled back{_at(event.ended_at)}.")
    elif status == Status.EXPIRED:
        sentences.append("Expired: not approved within one day.")
    note = [f"“{event.decision_note}”"] if event.decision_note else []
    return sentences + note


WINDOW, SOON = "Applied in the change window.", "Workers apply the optimization within a minute."


def effect_in_words(event: OptimizationEvent) -> str:
    """The effect with its numbers; empty where it is not measured."""
    facts = event.effect if isinstance(event.effect, dict) else {}
    if not event.verdict and event.status == Status.APPLIED and changed_nothing(event):
        return "No changes, so no effect is measured."
    if not event.verdict:
        return (
            f"The effect is measured{_at(event.measure_at)}."
            if event.measure_at and event.status == Status.APPLIED
            else ""
        )
    before, after = facts.get("before") or [], facts.get("after") or []
    if event.verdict == Verdict.TOO_LITTLE:
        few = f"{len(before)} readings before and {len(after)} after, too few to measure an effect"
        return f"{HELPED[Verdict.TOO_LITTLE]}: there were {few}."
    moved = float(facts.get("of_difference") or 0)
    means = f"{number(_round(facts.get('of_before')))} before and {number(_round(facts.get('of_after')))} after"
    size = f"{number(abs(_round(moved)))} {'more' if moved > 0 else 'less'}" if moved else "no change"
    sentence = f"{HELPED[Verdict(event.verdict)]}: the {metric_name(event.metric)} was on average {means}, {size}"
    return f"{sentence} ({_chance(facts.get('of_p'))}; {len(before):,} and {len(after):,} readings)."


def _chance(p: Any) -> str:
    """The p-value in words."""
    return "p < 0.0001" if p is not None and float(p) < 0.0001 else f"p = {number(p)}"


def _waits(event: OptimizationEvent, now: datetime) -> str:
    if event.expires_at and event.expires_at <= now:
        return "Expired: not approved within one day."
    until = f" until {clock(event.expires_at)}; then it expires" if event.expires_at else ""
    return f"Waiting for approval{until}."


def _approved(event: OptimizationEvent) -> str:
    by = str(event.approved_by) if event.approved_by_id else "the automation policy"
    return f"Approved by {by}{_at(event.approved_at)}."


def _applied_by(event: OptimizationEvent) -> str:
    if event.approved_at:
        return _approved(event)
    return f"{event.decided_by} completed the manual steps." if event.decided_by_id else ""


def _dismissed(event: OptimizationEvent) -> str:
    until = event.dismissed_until
    again = f"not proposed again until {clock(until)}" if until else "never proposed again"
    return f"Dismissed by {event.decided_by or 'a person'}{_at(event.ended_at)}; {again}."


def _at(moment: datetime | None) -> str:
    return f" at {clock(moment)}" if moment else ""


def _round(value: Any) -> float:
    return round(float(value or 0), 2)
