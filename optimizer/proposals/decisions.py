"""Decisions of people and of the policy on proposals: approve, dismiss; and the expiry of proposals without a decision.

Each is a conditional UPDATE and an activity entry, in one transaction. What was approved is what is applied: approval
stores a hash of the content.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from optimizer.journal.entries import entry, log, write_entries
from optimizer.measurement.effect import begin_to_measure
from optimizer.models import OptimizationEvent, OptimizationStep, OptimizerPolicy
from optimizer.models.querysets import OptimizationQuerySet
from optimizer.policy.change_window import is_open
from optimizer.policy.guardrails import STOPPED, Rails, Record, approval_refusal, refusal
from optimizer.policy.track_record import guardrails_of, track_records
from optimizer.proposals.locks import is_alone
from optimizer.registries import operations

Status = OptimizationEvent.Status
DAY = timedelta(days=1)
FOR_EVER = "ever"
DISMISSALS = {"1d": DAY, "7d": timedelta(days=7), "30d": timedelta(days=30), FOR_EVER: None}
NO_OPERATIONS = "This optimization has no operations; its steps are manual."
ANSWERED = "The optimization was already decided or has expired."


class DecisionRefused(Exception):
    """This cannot be decided so."""


def content_hash(event: OptimizationEvent, steps: Sequence[OptimizationStep]) -> str:
    """The hash of the operations: kind, target and parameters, in order."""
    whole = [[step.operation, str(step.integration_id or ""), step.parameters] for step in steps]
    return hashlib.sha256(json.dumps([str(event.user_id), whole], sort_keys=True).encode()).hexdigest()


def approve(event: OptimizationEvent, by: Any, now: datetime) -> None:
    """Approve as `by`; DecisionRefused where they may not, or it was decided meanwhile."""
    if why := approval_refusal(guardrails_of(OptimizerPolicy.current()), by=by.pk, involved=event.involved):
        raise DecisionRefused(why)
    if not event.steps.exists():
        raise DecisionRefused(NO_OPERATIONS)
    if not _approve(event, by, now):
        raise DecisionRefused(ANSWERED)


def dismiss(event: OptimizationEvent, by: Any, now: datetime, *, until: datetime | None, note: str = "") -> None:
    """Dismiss; it is not proposed again before `until`, or never where that is None. DecisionRefused where it was
    decided meanwhile."""
    with transaction.atomic():
        waiting = OptimizationEvent.objects.filter(pk=event.pk, status__in=[Status.PROPOSED, Status.APPROVED])
        values = {"dismissed_until": until, "decision_note": note.strip(), "decided_by": by, "ended_at": now}
        if not waiting.update(status=Status.DISMISSED, leased_until=None, **values):
            raise DecisionRefused(ANSWERED)
        facts: dict[str, Any] = {"note": note.strip(), "until": until.isoformat() if until else None}
        write_entries([entry(event, "dismissed", now, by=by, **facts)])
        log(event, "dismiss", now, details=facts | {"by": str(by)})


def done_by_hand(event: OptimizationEvent, by: Any, now: datetime, *, note: str = "") -> None:
    """Mark as done by `by`: it counts as applied, so its effect is measured. DecisionRefused where it has operations,
    or was decided. It does not count for trust, since no operation ran."""
    if event.steps.exists():
        raise DecisionRefused("This optimization has operations; apply it instead.")
    with transaction.atomic():
        waiting = OptimizationEvent.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), pk=event.pk)
        values = {"decided_by": by, "decision_note": note.strip(), "applied_at": now, "ended_at": now}
        answered = waiting.filter(status__in=[Status.PROPOSED, Status.APPROVED])
        if not answered.update(status=Status.APPLIED, applied=True, leased_until=None, **values):
            raise DecisionRefused(ANSWERED)
        event.refresh_from_db()
        begin_to_measure(event, now)
        write_entries([entry(event, "done_by_hand", now, by=by, note=note.strip())])
        log(event, "done_by_hand", now, details={"by": str(by), "note": note.strip()})


def dismissed_until(text: str, now: datetime) -> datetime | None:
    """When a dismissal of `1d`, `7d`, `30d` or `ever` ends; ValueError where it is none of these."""
    if text not in DISMISSALS:
        raise ValueError(f"“{text[:40]}” is not valid. Use one of: {', '.join(DISMISSALS)}.")
    lasts = DISMISSALS[text]
    return now + lasts if lasts else None


def expire(now: datetime) -> int:
    """What nobody has answered in its day is not applied any more; return how many there were."""
    with transaction.atomic():
        old = OptimizationEvent.objects.filter(status=Status.PROPOSED, expires_at__lte=now)
        rows = list(old.select_for_update(skip_locked=True, of=("self",)).select_related("rule")[:1000])
        OptimizationEvent.objects.filter(pk__in=[row.pk for row in rows]).update(status=Status.EXPIRED, ended_at=now)
        write_entries(entry(row, "expired", now) for row in rows)
    return len(rows)


def approve_by_policy(now: datetime) -> int:
    """Say yes to the automatic ones that keep within the guard-rails; return how many there were."""
    policy = OptimizerPolicy.current()
    if policy.stopped:
        return 0
    with transaction.atomic():
        if not is_alone("policy"):  # or two would count the same day, and each approve one too many
            return 0
        rails, known = guardrails_of(policy), track_records()
        rows = list(_promising(rails, known, now)[:200])
        return sum(_approve(event, None, now) for event in rows if not refusal_of(event, rails, known, now))


def refusal_of(event: OptimizationEvent, rails: Rails, known: Mapping[str, Record], now: datetime) -> str:
    """Why the policy does not approve it; nothing where it does."""
    if not (steps := list(event.steps.all())):
        return NO_OPERATIONS
    strategy = event.strategy or ""
    return refusal(
        rails, strategy=strategy, irreversible=_irreversible(steps), record=known.get(strategy, Record()),
        today=_automatic(event, now), busy=_is_busy(event),
    )  # fmt: skip


def may_begin(event: OptimizationEvent, policy: OptimizerPolicy, now: datetime) -> str:
    """Why an approved proposal is not applied just now; nothing where it may be. What was begun goes on."""
    if policy.stopped:
        return STOPPED
    scheduled = event.optimization_action == "scheduled" and event.status != Status.APPLYING
    if scheduled and not is_open(policy.window, policy.window_zone, now):
        return "Waiting for the change window."
    return ""


def _approve(event: OptimizationEvent, by: Any, now: datetime) -> int:
    steps = list(event.steps.order_by("position"))
    with transaction.atomic():
        waiting = OptimizationEvent.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), pk=event.pk)
        values = {"approved_by": by, "approved_at": now, "content_hash": content_hash(event, steps)}
        approved = waiting.filter(status=Status.PROPOSED).update(status=Status.APPROVED, leased_until=now, **values)
        if approved:
            write_entries([entry(event, "approved", now, by=by)])
            log(event, "approve", now, details={"by": str(by) if by else "policy"})
    return approved


def _promising(rails: Rails, known: Mapping[str, Record], now: datetime) -> OptimizationQuerySet:
    """The automatic ones that wait, without those that would be refused anyway: they must not be in the others' way."""
    waiting = OptimizationEvent.objects.automatic().filter(expires_at__gt=now)
    used = waiting.order_by().values_list("strategy", flat=True).distinct()
    trusted = [
        name for name in used
        if not refusal(rails, strategy=name or "", irreversible=(), record=known.get(name or "", Record()), today=0,
                       busy=False)
    ]  # fmt: skip
    reversible = [operation.kind for operation in operations if operation.reversible]
    lasting = OptimizationStep.objects.exclude(operation__in=reversible).values("event")
    content = (
        _automatic_since(now - DAY)
        .exclude(user=None)
        .values("user")
        .annotate(count=Count("pk"))
        .filter(count__gte=rails.per_day)
    )
    found: OptimizationQuerySet = (
        waiting.filter(strategy__in=trusted).exclude(pk__in=lasting).exclude(user__in=content.values("user"))
    )
    return found.select_related("rule").order_by("created_at", "pk")


def _irreversible(steps: Sequence[OptimizationStep]) -> list[str]:
    kinds = [step.operation for step in steps]
    return [kind for kind in kinds if kind not in operations or not operations[kind].reversible]


def _automatic(event: OptimizationEvent, now: datetime) -> int:
    """How many were approved by the policy for this person in the last day."""
    return int(_automatic_since(now - DAY).filter(user=event.user_id).count())


def _automatic_since(when: datetime) -> OptimizationQuerySet:
    found: OptimizationQuerySet = OptimizationEvent.objects.filter(approved_by=None, approved_at__gt=when)
    return found.order_by()


def _is_busy(event: OptimizationEvent) -> bool:
    under_way = OptimizationEvent.objects.filter(status__in=[Status.APPROVED, Status.APPLYING])
    return bool(under_way.beside(event).exists())
