"""A lease, so that only one worker applies a proposal."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.models.querysets import OptimizationQuerySet
from optimizer.policy.change_window import is_open
from optimizer.proposals.decisions import DecisionRefused, Status, may_begin
from optimizer.proposals.locks import wait_for_others

EXECUTION_LEASE = timedelta(minutes=5)
MAX_EVENTS_AT_ONCE = 200  # that are looked at, at a time


class Lost(Exception):
    """Another worker has taken over the lease."""


def waiting(now: datetime) -> list[UUID]:
    """Approved proposals to start or continue, oldest first, without those that wait for the change window."""
    policy = OptimizerPolicy.current()
    if policy.stopped:
        return []
    due = Q(leased_until=None) | Q(leased_until__lte=now)
    rows = OptimizationEvent.objects.filter(due, status__in=[Status.APPROVED, Status.APPLYING])
    if not is_open(policy.window, policy.window_zone, now):
        rows = rows.exclude(status=Status.APPROVED, optimization_action="scheduled")
    return list(rows.order_by("approved_at", "pk").values_list("pk", flat=True)[:MAX_EVENTS_AT_ONCE])


def take(key: UUID, now: datetime) -> OptimizationEvent:
    """Lease the proposal, unless another worker has it or something else is being applied to the same target."""
    row: OptimizationEvent | None = OptimizationEvent.objects.select_related("rule").filter(pk=key).first()
    if row is None:
        raise DecisionRefused("The optimization was deleted.")
    if why := may_begin(row, OptimizerPolicy.current(), now):
        raise DecisionRefused(why)
    with transaction.atomic():
        wait_for_others(row.user_id)  # or two would begin at once, and neither see the other
        if OptimizationEvent.objects.beside(row).filter(status=Status.APPLYING).exists():
            raise DecisionRefused("Another optimization is being applied to the same target.")
        ready = Q(status=Status.APPROVED) | Q(status=Status.APPLYING, leased_until__lte=now)
        taken = OptimizationEvent.objects.filter(ready, pk=key)
        if not taken.update(status=Status.APPLYING, leased_until=now + EXECUTION_LEASE):
            raise DecisionRefused("The optimization is not approved, or is already being applied.")
    row.refresh_from_db()
    return row


def mine(event: OptimizationEvent) -> OptimizationQuerySet:
    """The proposal, filtered by this worker's lease."""
    rows: OptimizationQuerySet = OptimizationEvent.objects.filter(
        pk=event.pk, status=Status.APPLYING, leased_until=event.leased_until
    )
    return rows


def hold(event: OptimizationEvent) -> None:
    """Lock the proposal until the transaction ends; Lost where another worker has the lease."""
    if not mine(event).update(leased_until=event.leased_until):
        raise Lost
