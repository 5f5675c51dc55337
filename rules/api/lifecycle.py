"""REST endpoints for a rule as a whole: copy, publish, test, versions, recycle bin."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.serializers import ActivitySerializer, RuleSerializer
from rules.authoring.rule_limit import rule_limit_problem
from rules.lifecycle.copies import clone
from rules.lifecycle.recycle_bin import MAX_BINNED_RULES, undelete
from rules.lifecycle.status import activate
from rules.lifecycle.test_fire import test_fire
from rules.lifecycle.versions import HISTORY_TYPE_NAMES, MAX_VERSIONS, NotSound, differences, numbered, restore
from rules.models import AutomationRule
from rules.permissions import lock_of
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import TimeField
from smartagent.rest.serializers import StrictSerializer

NOT_IN_BIN = "The recycle bin has no such rule."
AT_LIMIT = OpenApiResponse(description="The owner has the maximum number of rules.")


class DifferenceSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    name = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class VersionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="Number of the version, from 1.")
    kind = serializers.ChoiceField(list(HISTORY_TYPE_NAMES.values()))
    at = TimeField()
    by = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    changes = DifferenceSerializer(many=True)


class VersionsSerializer(serializers.Serializer[Any]):
    results = VersionSerializer(many=True)


class RestoreSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1, max_value=1_000_000, help_text="Version to restore.")


class BinnedSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    rule_name = serializers.CharField()
    user = serializers.UUIDField(source="user_id")
    deleted_at = TimeField()
    deleted_by = serializers.UUIDField(source="deleted_by_id", allow_null=True)


class BinSerializer(serializers.Serializer[Any]):
    results = BinnedSerializer(many=True)


class LifecycleActions:
    """The actions on a rule as a whole, for the view of rules."""

    @extend_schema(
        summary="Copy a rule", description="Creates a draft with the settings of the rule under a new name.",
        request=None, responses={201: RuleSerializer, 409: AT_LIMIT},
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="add")
    def clone(self, request: Request, pk: Any = None) -> Response:
        rule = self._view().get_object()
        if problem := rule_limit_problem(rule.user):
            raise Conflict(problem)
        copied = clone(rule, request.user, timezone.now())
        return Response(self._view().again(copied), status=201)

    @extend_schema(
        summary=(
            "Publish a draft"
        ), description="The rule takes effect at the next evaluation, as a new rule.", request=None,
        responses={200: RuleSerializer, 409: OpenApiResponse(description="Not a draft.")},
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def publish(self, request: Request, pk: Any = None) -> Response:
        rule = self._view().get_object()
        drafts = AutomationRule.objects.filter(pk=rule.pk, status=AutomationRule.Status.DRAFT)
        if not activate(drafts, request.user, timezone.now()):
            raise Conflict("The rule is not a draft.")
        return Response(self._view().again(rule))

    @extend_schema(
        summary="Test-fire a rule", request=None, responses=ActivitySerializer,
        description=(
            "Runs the action, marked as a test, and returns the activity entry. State, counters and repeat "
            "interval do not change."
        ),
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", url_path="test-fire")
    def test_fire(self, request: Request, pk: Any = None) -> Response:
        entry = test_fire(self._view().get_object(), request.user, timezone.now())
        return Response(ActivitySerializer(entry, context={"request": request}).data)

    @extend_schema(
        summary="List versions of a rule", description=f"The latest {MAX_VERSIONS} versions with their changes.",
        responses=VersionsSerializer,
    )  # fmt: skip
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, pk: Any = None) -> Response:
        records = numbered(self._view().get_object(), MAX_VERSIONS + 1)
        found = [
            {
                "version": number, "kind": HISTORY_TYPE_NAMES[record.history_type], "at": record.history_date,
                "by": record.history_user_id, "reason": record.history_change_reason or "",
                "changes": differences(before[1], record) if before else [],
            }
            for (number, record), before in zip(records, [*records[1:], None], strict=True)
        ]  # fmt: skip
        return Response(VersionsSerializer({"results": found[:MAX_VERSIONS]}).data)

    @extend_schema(
        summary="Restore a version", request=RestoreSerializer, responses=RuleSerializer,
        description="Creates a new version; status and owner do not change. Refused if the version is no longer valid.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def restore(self, request: Request, pk: Any = None) -> Response:
        rule = self._view().get_object()
        if lock := lock_of(rule):
            raise PermissionDenied(lock)
        requested = RestoreSerializer(data=request.data)
        requested.is_valid(raise_exception=True)
        try:
            restore(rule, requested.validated_data["version"], request.user, timezone.now())
        except LookupError as error:
            raise ValidationError({"version": [str(error)]}) from None
        except NotSound as error:
            raise ValidationError(error.errors) from None
        return Response(self._view().again(rule))

    @extend_schema(
        operation_id="rules_bin", summary="List deleted rules", responses=BinSerializer,
        description=f"The {MAX_BINNED_RULES} most recently deleted rules of the last 30 days.",
    )  # fmt: skip
    @action(detail=False, methods=["get"])
    def bin(self, request: Request) -> Response:
        rules = AutomationRule.binned.visible_to(request.user).order_by("-deleted_at")[:MAX_BINNED_RULES]
        return Response(BinSerializer({"results": rules}).data)

    @extend_schema(
        summary="Restore a rule", description="Restores the rule from the recycle bin, paused.", request=None,
        responses={200: RuleSerializer, 409: AT_LIMIT},
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="delete")
    def undelete(self, request: Request, pk: Any = None) -> Response:
        rules = AutomationRule.binned.changeable_by(request.user).filter(pk=pk)
        rule = rules.first()
        if rule is not None and (problem := rule_limit_problem(rule.user)):
            raise Conflict(problem)
        if rule is None or not undelete(rules, request.user, timezone.now()):
            raise NotFound(NOT_IN_BIN)
        return Response(self._view().again(rule))

    def _view(self) -> Any:
        return self
