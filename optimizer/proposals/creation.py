"""Proposals from firings: one per person, strategy and target at a time, and none that was dismissed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from notifications.gateway import post
from optimizer.journal.messages import of_proposals
from optimizer.metrics import METRIC_PREFIX
from optimizer.models import ActionLog, OptimizationEvent, OptimizationStep
from optimizer.registries import operations, strategies
from optimizer.strategies import Strategy
from optimizer.strategies.proposal import Facts, Proposal, ProposedStep
from smartagent.kernel.formats import clock_utc

PROPOSAL_TTL = timedelta(hours=24)
UNDER_WAY = ("proposed", "approved", "applying")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRequest:
    """The cause of a proposal: what fired, the rule, how it is to be decided, and who requested it, if a person did."""

    facts: Facts
    kind: str  # auto, manual or scheduled
    rule: UUID | None = None
    entry: UUID | None = None
    by: UUID | None = None


@dataclass(frozen=True, slots=True)
class ProposalResult:
    """The proposal that was created, or the existing one that prevents it."""

    event: OptimizationEvent
    is_new: bool = True

    @property
    def obstacle(self) -> str:
        """The reason why nothing was proposed; empty where something was."""
        if self.is_new:
            return ""
        if self.event.status != OptimizationEvent.Status.DISMISSED:
            return f"An optimization is already {self.event.get_status_display().lower()}."
        until = self.event.dismissed_until
        return f"Dismissed until {clock_utc(until)}." if until else "Dismissed permanently."


Key = tuple[UUID | None, str, str, str]  # person, strategy, target, and what else tells it apart


def propose(requested: Sequence[tuple[ProposalRequest, str, Proposal]], now: datetime) -> list[ProposalResult]:
    """Store the proposals that nothing prevents, each with the name of its strategy, and notify the people concerned,
    in the current transaction."""
    standing = _standing([one for one, _, _ in requested], now)
    made, steps = [], []
    for one, strategy, proposal in requested:
        key = _key(one.facts.person, strategy, one.facts.target, metric=one.facts.metric, rule=one.rule)
        if key in standing:
            made.append(ProposalResult(standing[key], is_new=False))
            continue
        event = event_of(one, strategy, proposal, now)
        standing[key] = event
        steps += steps_of(event, proposal)
        made.append(ProposalResult(event))
    fresh = [each.event for each in made if each.is_new]
    OptimizationEvent.objects.bulk_create(fresh, batch_size=1000)
    OptimizationStep.objects.bulk_create(steps, batch_size=1000)
    ActionLog.objects.bulk_create([_log(event, now) for event in fresh], batch_size=1000)
    if messages := of_proposals(fresh):
        post(messages, now)
    return made


def proposal_of(strategy: Strategy, facts: Facts) -> Proposal:
    """What the strategy proposes, without steps of operations that are not installed."""
    found = strategy.propose(facts)
    known = tuple(step for step in found.steps if step.operation in operations)
    lacking = sorted({step.operation for step in found.steps} - {step.operation for step in known})
    advice = found.advice if known or found.advice else (f"Not installed here: {', '.join(lacking)}.",)
    return Proposal(reason=found.reason, steps=known, advice=advice)


def event_of(requested: ProposalRequest, strategy: str, proposal: Proposal, now: datetime) -> OptimizationEvent:
    """The proposal as a row, not yet saved."""
    facts = requested.facts
    return OptimizationEvent(
        user_id=facts.person, rule_id=requested.rule, source_event_type=f"{METRIC_PREFIX}{facts.metric}",
        optimization_action=requested.kind, strategy=strategy, recommended_actions=recommended(proposal),
        parameter_delta={}, efficiency_index=facts.value if facts.metric == "efficiency_index" else None,
        before={"metric": facts.metric, "value": facts.value, "threshold": facts.threshold},
        metric=facts.metric, target=facts.target, operator=facts.operator, entry_id=requested.entry,
        reason=proposal.reason,
        advice=list(proposal.advice), requested_by_id=requested.by, expires_at=now + PROPOSAL_TTL, created_at=now,
    )  # fmt: skip


def steps_of(event: OptimizationEvent, proposal: Proposal) -> list[OptimizationStep]:
    """Its operations as rows, not yet saved."""
    return [
        OptimizationStep(
            event=event, position=place, operation=step.operation, integration_id=step.integration,
            parameters=dict(step.parameters), reason=step.reason, expected=step.expected,
        )
        for place, step in enumerate(proposal.steps, start=1)
    ]  # fmt: skip


def recommended(proposal: Proposal) -> list[str]:
    """The proposal in words: operations first, then what only a person can do."""
    return [*map(in_words, proposal.steps), *proposal.advice]


def in_words(step: ProposedStep) -> str:
    """A step in words: operation and reason."""
    label = operations[step.operation].label if step.operation in operations else step.operation
    return f"{label}: {step.reason}"


def _standing(requested: Iterable[ProposalRequest], now: datetime) -> dict[Key, OptimizationEvent]:
    """The proposals for these people that are open, or dismissed and not yet to be repeated."""
    people = {one.facts.person for one in requested}
    dismissed = Q(status="dismissed") & (Q(dismissed_until=None) | Q(dismissed_until__gt=now))
    lapsed = Q(status="proposed", expires_at__lte=now)  # which the workers will come to say
    rows = OptimizationEvent.objects.filter(Q(status__in=UNDER_WAY) & ~lapsed | dismissed, user__in=people)
    ours = rows.filter(source_event_type__startswith=METRIC_PREFIX).order_by("created_at")
    return {_key(row.user_id, row.strategy or "", row.target, metric=row.metric, rule=row.rule_id): row for row in ours}


def _key(person: UUID | None, strategy: str, target: str, *, metric: str, rule: UUID | None) -> Key:
    """The key of a proposal. A strategy for certain metrics has one for all of them, the general one has one per
    metric; an adjustment has one per rule."""
    found = strategies.find(strategy)
    apart = str(rule) if found is None else "" if found.metrics else metric
    return person, strategy, target, apart


def _log(event: OptimizationEvent, now: datetime) -> ActionLog:
    details: dict[str, Any] = {
        "strategy": event.strategy, "recommended_actions": event.recommended_actions, "rule": _text(event.rule_id),
    }  # fmt: skip
    return ActionLog(
        user_id=event.user_id, event=event, action_type="propose", action_details=details,
        status=ActionLog.Status.COMPLETED, created_at=now,
    )  # fmt: skip


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
