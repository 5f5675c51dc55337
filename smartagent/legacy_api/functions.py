"""The legacy functions: `POST /functions/v1/<name>`. Errors are `{"error": …}`, unexpected ones with `details`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.gateway import Message, post
from notifications.models import Notification
from optimizer.proposals.requests import ManualRequest, ask, is_metric
from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, DispatchRun
from smartagent.kernel.token_scopes import TokenScope
from smartagent.legacy_api.bodies import NotificationBody, OptimizationBody
from smartagent.legacy_api.callers import Caller
from smartagent.legacy_api.notification_row import notification_row
from smartagent.legacy_api.rule_results import rule_results
from smartagent.legacy_api.views import LegacyView
from smartagent.rest.errors import Conflict

USUAL_SEVERITY = {"alert": "high", "error": "high", "warning": "medium"}


class FunctionView(LegacyView):
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.call(request.auth, request.data))  # type: ignore[arg-type]

    def call(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body of the response."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> Mapping[str, Any]:
        if status < 500:
            return {"error": message}
        return {"error": "Internal server error", "details": message}


class UnknownFunctionView(FunctionView):
    def call(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        raise exceptions.NotFound(
            "Function not found. Functions: core_notifications_gateway, fusion_live_optimizer, ai_agent_dispatcher."
        )


class NotificationsGatewayView(FunctionView):
    """Posts a notification, with its deliveries."""

    def call(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        given = checked(NotificationBody, body)
        person = caller.person_for(given["user_id"])
        rule = _rule(given["rule_id"], caller)
        message = Message(
            user_id=person.pk, type=given["type"], title=given["title"], message=given["message"],
            severity=given["severity"] or USUAL_SEVERITY.get(given["type"], "low"), rule_id=rule.pk if rule else None,
            action_url=given["action_url"] or None, metadata=given["metadata"] or {},
        )  # fmt: skip
        with transaction.atomic():
            post([message], timezone.now())
        posted = Notification.objects.get(pk=message.id)
        return {
            "success": True, "notification": notification_row(posted), "message": "Notification created successfully",
        }  # fmt: skip


class LiveOptimizerView(FunctionView):
    """Proposes an optimization."""

    def call(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        caller.require("optimizer.change_optimizationevent")
        given = checked(OptimizationBody, body)
        if not is_metric(given["metric_type"]):
            raise serializers.ValidationError({"metric_type": ["No metric can have this name."]})
        person, rule = caller.person_for(given["user_id"]), _rule(given["rule_id"], caller)
        value, threshold = given["metric_value"], given["threshold_value"]
        operator = rule.condition_operator if rule else "<" if value < threshold else ">"
        made = ask(
            ManualRequest(
                person=person, metric=given["metric_type"], operator=operator, threshold=threshold, value=value,
                kind=given["optimization_type"] or "auto", rule=rule.pk if rule else None,
            ),
            caller.person, timezone.now(),
        )  # fmt: skip
        return {
            "success": True, "optimization_event_id": str(made.event.pk), "strategy": made.event.strategy,
            "recommended_actions": made.event.recommended_actions,
            "message": made.obstacle or f"Optimization proposed: {made.event.reason}",
        }  # fmt: skip


class AgentDispatcherView(FunctionView):
    """Evaluates the caller's rules, or all rules for the service role."""

    scope = TokenScope.EVALUATE

    def call(self, caller: Caller, body: Mapping[str, Any]) -> Mapping[str, Any]:
        caller.require("rules.change_automationrule")
        owner = caller.person.pk if caller.person else None
        run = dispatch(timezone.now(), DispatchRun.Trigger.API, requested_by=owner, owner=owner)
        if run.outcome == DispatchRun.Outcome.OVERLAPPED:
            raise Conflict("Another evaluation is running. Try again in a moment.")
        results, left = rule_results(run, owner)
        rest = f" The first {len(results):,} are listed." if left else ""
        return {
            "status": "success", "rules_evaluated": run.rules_evaluated, "actions_triggered": run.triggered,
            "message": f"Evaluated {run.rules_evaluated:,} rules, triggered {run.triggered:,} actions.{rest}",
            "results": results,
        }  # fmt: skip


def checked(serializer: type[serializers.Serializer[Any]], body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `body`; ValidationError names those that are missing or wrong."""
    found = serializer(data=body)
    found.is_valid(raise_exception=True)
    return dict(found.validated_data)


def _rule(key: UUID | None, caller: Caller) -> AutomationRule | None:
    """The rule that a request names; ValidationError where the caller may not know of it."""
    if key is None:
        return None
    rules = AutomationRule.objects.all() if caller.is_service else AutomationRule.objects.visible_to(caller.person)
    found: AutomationRule | None = rules.filter(pk=key).first()
    if found is None:
        raise serializers.ValidationError({"rule_id": ["No rule has this id."]})
    return found
