"""What tests of optimizations share: integrations, proposals made of operations, and fusion metrics with a history."""

from datetime import timedelta
from decimal import Decimal

from optimizer.models import FusionMetric, OptimizationEvent, OptimizationStep
from optimizer.operations import Task
from optimizer.proposals.creation import METRIC_PREFIX
from optimizer.proposals.decisions import approve
from optimizer.registries import operations
from rules.models import FusionScore, Integration, MetricSample
from smartagent.kernel.sealing import seal, unseal

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def integration_of(user, kind="gmail", *, credentials=None, **fields):
    """An integration of this person, active unless it is said."""
    values = {"status": "active", "credentials_encrypted": seal(credentials) if credentials else None} | fields
    return Integration.objects.create(user=user, integration_type=kind, **values)


def secrets_of(integration):
    """Its credentials in clear, as they are in the database now."""
    integration.refresh_from_db()
    return unseal(integration.credentials_encrypted)


def proposal_of(user, now, *steps, **fields):
    """A proposal with these steps: a name, or a name with parameters and an integration."""
    values = {
        "source_event_type": f"{METRIC_PREFIX}cpu", "optimization_action": "manual", "strategy": "general",
        "metric": "cpu",
        "operator": ">", "reason": "The CPU is at 95.", "created_at": now, "expires_at": now + DAY,
        "before": {"metric": "cpu", "value": 95, "threshold": 90},
    }  # fmt: skip
    event = OptimizationEvent.objects.create(user=user, **(values | fields))
    for place, step in enumerate(steps, start=1):
        kind, parameters, integration = step if isinstance(step, tuple) else (step, {}, None)
        OptimizationStep.objects.create(
            event=event, position=place, operation=kind, parameters=parameters, integration=integration, reason="So."
        )
    return event


def approved(user, by, now, *steps, **fields):
    """The same, and `by` has said yes."""
    event = proposal_of(user, now, *steps, **fields)
    approve(event, by, now)
    event.refresh_from_db()
    return event


def interval(integration, minutes):
    """A step that changes how often an integration synchronises."""
    return ("adjust_sync_interval", {"minutes": minutes}, integration)


def metric_of(user, name, weight, value, history=(), now=None):
    """A fusion metric, and what it was in the last days."""
    row = FusionMetric.objects.create(
        user=user, metric_name=name, weight=weight and Decimal(str(weight)),
        normalized_value=None if value is None else Decimal(str(value)),
    )  # fmt: skip
    MetricSample.objects.push_all(
        {"user": user, "metric": "fusion_metric", "target": name, "value": each, "observed_at": now - place * MINUTE}
        for place, each in enumerate(reversed(history), start=1)
    )
    return row


def task(event_or_user, now, *, integration=None, **parameters):
    """What an operation is asked to do, without a proposal."""
    step = OptimizationStep()
    return Task(id=step.pk, person=event_or_user.pk, integration=integration and integration.pk,
                parameters=parameters, now=now)  # fmt: skip


def done(kind, requested):
    """Do one operation, as the runner does, and return what it says it did."""
    operation = operations[kind]
    operation.check(requested)
    operation.preview(requested)
    return operation.apply(requested, operation.reach(requested))


def score(user, value, now):
    """A score of this person."""
    return FusionScore.objects.create(user=user, fusion_score=value, calculated_at=now)


def readings(user, metric, values, end, target=""):
    """Readings that were pushed, a minute apart, the last one at `end`."""
    MetricSample.objects.push_all(
        {"user": user, "metric": metric, "target": target, "value": value, "observed_at": end - place * MINUTE}
        for place, value in enumerate(reversed(values))
    )
