"""The check of an integration by hand: its health URL is called, which sets its status, and its access token is tried.

Each is the operation that an optimization would run; what is not configured is left out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from optimizer.operations import OperationFailed, Task
from optimizer.operations.retry_connection import RetryConnection
from optimizer.operations.validate_credentials import ValidateCredentials
from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry, Integration
from smartagent.outbound.errors import NotSent

CHECK_EVENT = "integration_checked"
CHECKS = {"health_url": RetryConnection, "probe_url": ValidateCredentials}  # by the setting that each needs
CHECK_EVENTS = (
    EventKind(
        kind=CHECK_EVENT, label="integration checked", sentence="{by_name} checked {target}. {result}", tone="info"
    ),
)


def configured_checks(integration: Integration) -> list[str]:
    """The settings that say what to call, as far as the integration has them."""
    config = integration.config if isinstance(integration.config, dict) else {}
    return [name for name in CHECKS if config.get(name)]


def check(integration: Integration, by: Any, now: datetime) -> tuple[bool, str]:
    """Check the integration, log the result, and return whether all went well, and what was found."""
    results = [_run(name, integration, now) for name in configured_checks(integration)]
    passed, said = all(went_well for went_well, _ in results), " ".join(text for _, text in results)
    ActivityEntry.objects.create(
        user_id=integration.user_id, agent_name="person", event_type=CHECK_EVENT, action_taken="none",
        context={
            "target": integration.integration_type, "person": str(integration.user_id), "by": str(by.pk),
            "by_name": str(by), "result": said,
        },
        status="success", created_at=now, executed_at=now,
    )  # fmt: skip
    return passed, said


def _run(name: str, integration: Integration, now: datetime) -> tuple[bool, str]:
    operation = CHECKS[name]()
    task = Task(id=uuid4(), person=integration.user_id, integration=integration.pk, parameters={}, now=now)
    try:
        operation.check(task)
        reached = operation.reach(task)
        with transaction.atomic():
            return _went_well(reached), operation.apply(task, reached).result
    except (OperationFailed, NotSent) as failure:
        return False, str(failure)


def _went_well(reached: Any) -> bool:
    return bool(reached.succeeded)


def labels(names: Sequence[str]) -> str:
    """What the checks are, in words."""
    return " and ".join({"health_url": "the health URL", "probe_url": "the access token"}[name] for name in names)
