"""Rules and alerts as Prometheus' HTTP API answers them: GET /api/v1/rules and /api/v1/alerts, with a personal token.

Errors are answered in its format, too: `{"status": "error", "errorType": "bad_data", "error": "…"}`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules.api.prometheus_choice import LISTS, SINGLE, alerts_of, group_page, refuse_parameters, shown_of
from rules.api.prometheus_schema import describes_alerts, describes_rules
from rules.models import AutomationRule, DispatchRun, MetricQuery, RuleState
from rules.prometheus.exposed import Shown, shown_alert, shown_groups, shown_rule
from smartagent.accounts.tokens import AgentTokenAuthentication
from smartagent.kernel.member_role import as_owner
from smartagent.rest.errors import errors_of, plain_answer

ERROR_TYPES = {400: "bad_data", 401: "unauthorized", 403: "forbidden", 404: "not_found", 503: "unavailable"}


class PrometheusView(APIView):
    """The base of both views."""

    authentication_classes = [AgentTokenAuthentication]
    queryset: Any = AutomationRule.objects.none()
    lists: ClassVar[tuple[str, ...]] = ()
    single: ClassVar[tuple[str, ...]] = ()

    def answer(self, request: Request) -> Response:
        """The response in Prometheus' envelope."""
        refuse_parameters(request, self.lists, self.single)
        data, warnings = self.data(request)
        return Response({"status": "success", "data": data} | ({"warnings": warnings} if warnings else {}))

    def data(self, request: Request) -> tuple[dict[str, Any], list[str]]:
        """What is answered as `data`, and the warnings about it."""
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            exc.auth_header = self.get_authenticate_header(self.request)  # type: ignore[union-attr]
        given = plain_answer(exc, self.get_exception_handler_context())
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

    @describes_alerts
    def get(self, request: Request) -> Response:
        return self.answer(request)

    def data(self, request: Request) -> tuple[dict[str, Any], list[str]]:
        states, warnings = alerts_of(request.user)
        return {"alerts": [shown_alert(state, state.rule) for state in states]}, warnings


class RulesView(PrometheusView):
    """GET /api/v1/rules: active rules that the person may see, in groups."""

    lists, single = LISTS, SINGLE

    @describes_rules
    def get(self, request: Request) -> Response:
        return self.answer(request)

    def data(self, request: Request) -> tuple[dict[str, Any], list[str]]:
        page = group_page(request)
        if request.query_params.get("type", "alert") == "record":
            return {"groups": []}, []
        without_alerts = request.query_params.get("exclude_alerts") == "true"
        alerts, warnings = ([], []) if without_alerts else alerts_of(request.user, page.rules)
        shown, queries, at = shown_of(request.user, page.rules, alerts), _queries(page.rules), _evaluated_at()
        groups = shown_groups(
            [
                (rule, shown_rule(rule, shown.get(rule.pk, Shown()), queries.get(rule.metric_type, ""), at))
                for rule in page.rules
            ],
            at,
        )
        return {"groups": groups} | ({"groupNextToken": page.next_token} if page.next_token else {}), warnings


def _queries(rules: list[AutomationRule]) -> Mapping[str, str]:
    """The expressions of the metric queries that `rules` watch, by name."""
    watched = {rule.metric_type for rule in rules}
    return dict(MetricQuery.objects.filter(name__in=watched).values_list("name", "expression"))


@as_owner()
def _evaluated_at() -> datetime | None:
    """The time of the last completed evaluation, whoever asked for it."""
    runs = DispatchRun.objects.filter(outcome=DispatchRun.Outcome.COMPLETED).order_by("-started_at", "-pk")
    return runs.values_list("evaluated_at", flat=True).first()
