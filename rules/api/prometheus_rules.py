"""Rules and alerts as Prometheus' HTTP API answers them: GET /api/v1/rules and /api/v1/alerts, with a personal token.

Errors are answered in its format, too: `{"status": "error", "errorType": "bad_data", "error": "…"}`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules.models import AutomationRule, DispatchRun, MetricQuery, RuleState
from rules.prometheus.exposed import group_of, labels_shown, shown_alert, shown_groups, shown_rule
from rules.prometheus.expressions import Unsupported
from rules.prometheus.native import plain_matchers
from smartagent.accounts.tokens import AgentTokenAuthentication
from smartagent.rest.errors import errors_of, exception_handler

MAX_RULES, MAX_ALERTS = 5000, 10_000
MAX_FILTERS = 50  # values of a parameter
LISTS = ("rule_name[]", "rule_group[]", "file[]", "match[]")
SINGLE = ("type", "exclude_alerts")
SHOWN_STATES = ("pending", "firing", "recovering", "error")
ERROR_TYPES = {400: "bad_data", 401: "unauthorized", 403: "forbidden", 404: "not_found", 503: "unavailable"}


@extend_schema(exclude=True)
class PrometheusView(APIView):
    """The base of both views."""

    authentication_classes = [AgentTokenAuthentication]
    queryset: Any = AutomationRule.objects.none()
    lists: ClassVar[tuple[str, ...]] = ()
    single: ClassVar[tuple[str, ...]] = ()

    def get(self, request: Request) -> Response:
        _refuse_parameters(request, self.lists, self.single)
        return Response({"status": "success", "data": self.data(request)})

    def data(self, request: Request) -> Any:
        """What is answered as `data`."""
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            exc.auth_header = self.get_authenticate_header(self.request)  # type: ignore[union-attr]
        given = exception_handler(exc, self.get_exception_handler_context())
        said = " ".join(
            f"{name}: {message}" if name != "detail" else message
            for name, messages in errors_of(given.data).items()
            for message in messages
        )
        kind = ERROR_TYPES.get(given.status_code, "internal")
        given.data = {"status": "error", "errorType": kind, "error": said}
        given.exception = True
        return given


class AlertsView(PrometheusView):
    """GET /api/v1/alerts: pending and firing instances of the rules that the person may see."""

    queryset = RuleState.objects.none()

    def data(self, request: Request) -> Any:
        states = _states(request.user, ("pending", "firing", "recovering"))
        return {"alerts": [shown_alert(state, state.rule) for state in states]}


class RulesView(PrometheusView):
    """GET /api/v1/rules: active rules that the person may see, in groups."""

    lists, single = LISTS, SINGLE

    def data(self, request: Request) -> Any:
        if request.query_params.get("type", "alert") == "record":
            return {"groups": []}
        rules = _chosen(request)
        states: dict[Any, list[RuleState]] = {}
        for state in _states(request.user, SHOWN_STATES):
            states.setdefault(state.rule_id, []).append(state)
        watched = {rule.metric_type for rule in rules}
        queries: Mapping[str, str] = dict(
            MetricQuery.objects.filter(name__in=watched).values_list("name", "expression")
        )
        at, alerts = _evaluated_at(), request.query_params.get("exclude_alerts") != "true"
        shown = [
            (rule, shown_rule(rule, states.get(rule.pk, []), queries.get(rule.metric_type, ""), at, alerts=alerts))
            for rule in rules
        ]
        return {"groups": shown_groups(shown, at)}


def _refuse_parameters(request: Request, lists: tuple[str, ...], single: tuple[str, ...]) -> None:
    for name, values in request.query_params.lists():
        if name not in (*lists, *single):
            known = ", ".join((*lists, *single)) or "none"
            raise ValidationError({name[:100]: [f"Unknown parameter. Valid parameters: {known}."]})
        if len(values) > (MAX_FILTERS if name in lists else 1):
            raise ValidationError({name: ["Too many values."]})
    if request.query_params.get("type", "alert") not in ("alert", "record"):
        raise ValidationError({"type": ["Must be alert or record."]})
    if request.query_params.get("exclude_alerts", "true") not in ("true", "false"):
        raise ValidationError({"exclude_alerts": ["Must be true or false."]})


def _chosen(request: Request) -> list[AutomationRule]:
    """The rules that the parameters choose."""
    names, groups, files, matches = (request.query_params.getlist(name) for name in LISTS)
    rules = AutomationRule.objects.visible_to(request.user).active().select_related("user").order_by("rule_name", "pk")
    if names:
        rules = rules.filter(rule_name__in=[name.replace("\x00", "") for name in names])
    found = list(rules[: MAX_RULES + 1])
    if len(found) > MAX_RULES:
        raise ValidationError({"detail": [f"More than {MAX_RULES:,} rules. Name some by rule_name[]."]})
    selectors = [_matchers(text) for text in matches]
    return [
        rule
        for rule in found
        if (not groups or group_of(rule)[1] in groups)
        and (not files or group_of(rule)[0] in files)
        and (not selectors or any(_agrees(labels_shown(rule), each) for each in selectors))
    ]


def _matchers(text: str) -> list[tuple[str, str, str]]:
    try:
        return plain_matchers(text)
    except Unsupported as error:
        raise ValidationError({"match[]": [str(error)]}) from None


def _agrees(labels: Mapping[str, str], matchers: list[tuple[str, str, str]]) -> bool:
    return all((labels.get(name, "") == value) == (sign == "=") for name, sign, value in matchers)


def _states(user: Any, conditions: tuple[str, ...]) -> list[RuleState]:
    """Instances in these states of active rules that `user` may see, the newest first."""
    states = RuleState.objects.visible_to(user).filter(condition__in=conditions, rule__status="active")
    states = states.filter(rule__deleted_at=None).select_related("rule", "user").order_by("-since", "-pk")
    return list(states[:MAX_ALERTS])


def _evaluated_at() -> datetime | None:
    """The time of the last completed evaluation."""
    runs = DispatchRun.objects.filter(outcome=DispatchRun.Outcome.COMPLETED).order_by("-started_at", "-pk")
    return runs.values_list("evaluated_at", flat=True).first()
