"""Evaluate rules now."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.serializers import DispatchSerializer, RunSerializer
from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, DispatchRun
from smartagent.kernel.scope import has_everyone
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.errors import Conflict
from smartagent.rest.views import StrictView


class DispatchView(StrictView):
    needs, scope = "rules.change_automationrule", TokenScope.EVALUATE
    commits_in_steps = True

    @extend_schema(
        operation_id="rules_evaluate",
        tags=["runs"],
        summary="Evaluate rules now",
        description=(
            "Evaluates your rules, or all rules if you may manage everyone's, runs the actions of firing "
            "alerts and returns the run. With a rule in the body, only this rule."
        ),
        request=DispatchSerializer,
        responses={200: RunSerializer, 404: OpenApiResponse(), 409: OpenApiResponse()},
        examples=[OpenApiExample("Everything", value={}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        requested = DispatchSerializer(data=request.data)
        requested.is_valid(raise_exception=True)
        rule = requested.validated_data.get("rule")
        if rule:
            _refuse_idle(request.user, rule)
        user = request.user
        owner = None if has_everyone(user, "change") else user.pk
        run = dispatch(timezone.now(), DispatchRun.Trigger.API, requested_by=user.pk, owner=owner, rule=rule)
        if run.outcome == DispatchRun.Outcome.OVERLAPPED:
            raise Conflict("Another evaluation is running. Try again in a moment.")
        return Response(RunSerializer(run, context={"request": request}).data)


def _refuse_idle(user: Any, rule: UUID) -> None:
    """Raise where `user` may not evaluate the rule, or where it would not be evaluated."""
    status = AutomationRule.objects.changeable_by(user).filter(pk=rule).values_list("status", flat=True).first()
    if status is None:
        raise NotFound({"rule": ["The rule does not exist, or you cannot change it."]})
    if status != AutomationRule.Status.ACTIVE:
        raise ValidationError({"rule": [f"This rule is {status}, so it is not evaluated. Activate it first."]})
