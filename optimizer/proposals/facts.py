"""The facts that strategies look at, for all people of a batch at once, in three statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, TextField, Value
from django.db.models.functions import Coalesce

from optimizer.fusion.history import histories_of
from optimizer.models import FusionMetric
from optimizer.operations.adjust_sync_interval import SETTING
from optimizer.strategies.proposal import Facts, FusionMetricFact, IntegrationFact
from rules.models import AuditEvent, Integration
from rules.text.context import time_of

ERRORS_SPAN = timedelta(days=1)


class FactsLoader:
    """The facts about these people at `now`: their integrations, fusion metrics and errors."""

    def __init__(self, people: Collection[UUID], now: datetime) -> None:
        self.now = now
        self._integrations: dict[UUID, list[IntegrationFact]] = defaultdict(list)
        for row in Integration.objects.filter(user__in=people).order_by("integration_type", "pk"):
            self._integrations[row.user_id].append(integration_fact(row))
        self._metrics = _metrics(people, now)
        self._errors = _errors(people, now)

    def of(
        self, person: UUID, *, metric: str, value: float | None, threshold: float, operator: str, target: str
    ) -> Facts:
        """The facts about one person for whom a metric has broken its threshold."""
        return Facts(
            person=person, metric=metric, value=value, threshold=threshold, operator=operator, target=target,
            now=self.now, integrations=tuple(self._integrations[person]), metrics=tuple(self._metrics[person]),
            errors=tuple(self._errors[person]), has_engine=bool(settings.OPTIMIZATION_ENGINE_URL),
        )  # fmt: skip


def integration_fact(row: Integration) -> IntegrationFact:
    """An integration as a fact; its credentials are not opened for that."""
    config: Mapping[str, Any] = row.config if isinstance(row.config, dict) else {}
    minutes, named = config.get(SETTING), {name for name, value in config.items() if isinstance(value, str) and value}
    return IntegrationFact(
        id=row.pk, kind=row.integration_type, status=row.status, error=(row.error_message or "")[:200],
        last_sync_at=row.last_sync_at, sync_minutes=minutes if isinstance(minutes, int) and minutes > 0 else None,
        token_expires_at=time_of(config, "token_expires_at"), can_probe="health_url" in named,
        can_validate="probe_url" in named and bool(row.credentials_encrypted),
        can_renew="token_url" in named and bool(row.credentials_encrypted), can_refresh="refresh_url" in named,
    )  # fmt: skip


def _metrics(people: Collection[UUID], now: datetime) -> Mapping[UUID, list[FusionMetricFact]]:
    found: dict[UUID, list[FusionMetricFact]] = defaultdict(list)
    known = histories_of(people, now)
    rows = FusionMetric.objects.filter(user__in=people, weight__isnull=False).order_by("metric_name", "pk")
    for row in rows:
        history = known.get(row.user_id, {}).get(row.metric_name, ())
        found[row.user_id].append(
            FusionMetricFact(name=row.metric_name, weight=row.weight, value=row.normalized_value, history=history)
        )
    return found


def _errors(people: Iterable[UUID], now: datetime) -> Mapping[UUID, list[tuple[str, int]]]:
    found: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    bad = AuditEvent.objects.filter(
        user__in=people, severity__in=["error", "critical"], created_at__gt=now - ERRORS_SPAN, created_at__lte=now
    )
    named = bad.order_by().annotate(
        event=Coalesce("event_type", Value("unnamed", TextField()))
    )  # the old application may leave it out
    counted = named.values_list("user", "event").annotate(count=Count("pk"))
    for person, event, count in counted.order_by("-count", "event"):
        found[person].append((event, count))
    return found
