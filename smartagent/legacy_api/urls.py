"""The paths of the legacy project's functions and procedures."""

from django.urls import path

from smartagent.legacy_api.functions import (
    AgentDispatcherView,
    LiveOptimizerView,
    NotificationsGatewayView,
    UnknownFunctionView,
)
from smartagent.legacy_api.procedures import PROCEDURES, UnknownProcedureView

urlpatterns = [
    path("functions/v1/core_notifications_gateway", NotificationsGatewayView.as_view(), name="legacy-notify"),
    path("functions/v1/fusion_live_optimizer", LiveOptimizerView.as_view(), name="legacy-optimize"),
    path("functions/v1/ai_agent_dispatcher", AgentDispatcherView.as_view(), name="legacy-dispatch"),
    path("functions/v1/<path:name>", UnknownFunctionView.as_view(), name="legacy-function"),
    *(path(f"rest/v1/rpc/{name}", view.as_view(), name=f"legacy-{name}") for name, view in PROCEDURES.items()),
    path("rest/v1/rpc/<path:name>", UnknownProcedureView.as_view(), name="legacy-procedure"),
]
