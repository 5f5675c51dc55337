"""Rules: create, read, update, delete, pause, activate."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.bulk_edit import BulkActions
from rules.api.files import FileActions
from rules.api.health import RuleHealthSerializer, rule_health
from rules.api.lifecycle import LifecycleActions
from rules.api.serializers import RuleSerializer
from rules.api.trial import TrialActions
from rules.api.why import WhyAction
from rules.filters import RuleFilter
from rules.lifecycle.content_version import content_version
from rules.lifecycle.recycle_bin import delete
from rules.lifecycle.status import activate, pause
from rules.models import AutomationRule
from rules.models.querysets import RuleQuerySet
from rules.permissions import lock_of
from smartagent.rest.views import WriteViewSet

RULE_EXAMPLE = OpenApiExample(
    "Alert on a low score",
    value={
        "rule_name": "Fusion score too low", "metric_type": "fusion_score", "condition_operator": "<",
        "threshold_value": 70, "action_type": "alert", "severity": "high", "repeat_every": "4h",
    },
    request_only=True,
)  # fmt: skip


@extend_schema_view(
    list=extend_schema(summary="List rules", description="Rules you can access, by name."),
    retrieve=extend_schema(summary="Read a rule", description="One rule."),
    create=extend_schema(
        summary="Create a rule",
        description="You become the owner, unless you may manage everyone's rules and name another owner.",
        examples=[RULE_EXAMPLE],
    ),
    update=extend_schema(
        summary="Replace a rule", description="Omitted optional fields keep their value.",
        examples=[RULE_EXAMPLE],
    ),
    partial_update=extend_schema(
        summary="Update a rule", description="Updates only the fields sent.",
        examples=[OpenApiExample("A lower threshold", value={"threshold_value": 65}, request_only=True)],
    ),
    destroy=extend_schema(
        summary="Delete a rule",
        description=(
            "Moves the rule to the recycle bin for 30 days. Its instances are deleted; activity and versions "
            "are kept."
        ),
    ),
)  # fmt: skip
@extend_schema(tags=["rules"])
class RuleViewSet(LifecycleActions, BulkActions, FileActions, TrialActions, WhyAction, WriteViewSet):
    queryset = AutomationRule.objects.select_related("user")
    serializer_class = RuleSerializer
    filterset_class = RuleFilter
    ordering_fields = ("rule_name", "created_at", "updated_at", "last_triggered_at", "trigger_count")

    @extend_schema(
        summary="Pause a rule", description="The rule is not evaluated until activated.", request=None,
        responses=RuleSerializer,
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def pause(self, request: Request, pk: Any = None) -> Response:
        return self._switch(pause)

    @extend_schema(
        summary="Activate a rule", description="The rule is evaluated from the next evaluation on.", request=None,
        responses=RuleSerializer,
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def activate(self, request: Request, pk: Any = None) -> Response:
        return self._switch(activate)

    @extend_schema(
        summary="Read the health of a rule",
        description=(
            "Findings, number of notifications, feedback and, if most alerts are noise, a suggested "
            "threshold with its backtest. Changes nothing."
        ),
        responses=RuleHealthSerializer,
    )
    @action(detail=True, methods=["get"])
    def health(self, request: Request, pk: Any = None) -> Response:
        return Response(rule_health(self.get_object()))

    def version_of(self, thing: AutomationRule) -> str:
        return content_version(thing)  # as the form has it

    def perform_destroy(self, instance: AutomationRule) -> None:
        delete(AutomationRule.objects.filter(pk=instance.pk), self.request.user, timezone.now())

    def get_object(self) -> AutomationRule:
        rule: AutomationRule = super().get_object()
        if self.action in ("update", "partial_update", "destroy") and (lock := lock_of(rule)):
            raise PermissionDenied(lock)
        return rule

    def _switch(self, switch: Callable[[RuleQuerySet, Any, datetime], int]) -> Response:
        rule = self.get_object()
        switch(AutomationRule.objects.filter(pk=rule.pk), self.request.user, timezone.now())
        return Response(self.again(rule))
