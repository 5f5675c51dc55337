"""The addresses of the API, all under /api/."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from notifications.api.channels import ChannelKindsView, ChannelViewSet, WebhookSchemaView
from notifications.api.deliveries import DeliveryViewSet
from notifications.api.escalations import EscalationViewSet, PolicyViewSet
from notifications.api.inbox import NotificationViewSet
from notifications.api.mutes import MuteViewSet
from notifications.api.preferences import PreferencesView
from notifications.api.reliability import ReliabilityGoalView, ReliabilityView
from optimizer.api.optimizations import OptimizationViewSet
from optimizer.api.policy import PolicyView as OptimizerPolicyView
from optimizer.api.policy import ScoreboardView
from rules import api as rules
from rules.api.audit import AuditView
from rules.api.configuration import ConfigurationChangeViewSet
from rules.api.prometheus_rules import AlertsView, RulesView
from rules.api.protocols.alertmanager import AlertmanagerView
from rules.api.protocols.influx import LineProtocolView
from rules.api.protocols.remote_write import RemoteWriteView
from rules.api.receipts import ReceiptsView
from smartagent.accounts.groups_api import GroupViewSet
from smartagent.accounts.people_api import PersonViewSet
from smartagent.accounts.sessions_api import SessionsView, SessionView
from smartagent.accounts.tokens_api import TokenViewSet
from smartagent.doctor.api import DoctorView
from smartagent.privacy.api import EraseView, PersonalDataView
from smartagent.rest.me import MeView
from smartagent.rest.nowhere import NowhereView
from smartagent.rest.schema import describe_shared as describe_shared  # and the extensions that it needs
from smartagent.retention.api import RetentionView

router = SimpleRouter(use_regex_path=False)
router.register("rules", rules.RuleViewSet, basename="rule")
router.register("states", rules.StateViewSet, basename="state")
router.register("activity", rules.ActivityViewSet, basename="activity")
router.register("configuration-changes", ConfigurationChangeViewSet, basename="configurationchange")
router.register("silences", rules.SilenceViewSet, basename="silence")
router.register("runs", rules.RunViewSet, basename="run")
router.register("integrations", rules.IntegrationViewSet, basename="integration")
router.register("data-sources", rules.DataSourceViewSet, basename="datasource")
router.register("metric-queries", rules.MetricQueryViewSet, basename="metricquery")
router.register("notifications", NotificationViewSet, basename="notification")
router.register("escalation-policies", PolicyViewSet, basename="escalationpolicy")
router.register("escalations", EscalationViewSet, basename="escalation")
router.register("mutes", MuteViewSet, basename="mute")
router.register("channels", ChannelViewSet, basename="channel")
router.register("deliveries", DeliveryViewSet, basename="delivery")
router.register("people", PersonViewSet, basename="person")
router.register("groups", GroupViewSet, basename="group")
router.register("tokens", TokenViewSet, basename="token")
router.register("optimizations", OptimizationViewSet, basename="optimization")


@extend_schema(exclude=True)
class RootView(APIView):
    """What there is: the addresses of all resources, and of their description."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        here = request.build_absolute_uri(request.path)
        listed = [*(f"{prefix}/" for prefix, _, _ in router.registry), *(str(each.pattern) for each in others)]
        return Response({
            "description": f"{here}schema/", "documentation": f"{here}docs/",
            "resources": {route.rstrip("/"): here + route for route in sorted(listed) if "<" not in route},
        })  # fmt: skip


others = [
    path("rules/health/", rules.HealthView.as_view(), name="rules-health"),
    path("audit/", AuditView.as_view(), name="audit"),
    path("rule-templates/", rules.TemplatesView.as_view(), name="rule-templates"),
    path("metrics/", rules.CatalogueView.as_view(), name="metrics"),
    path("metrics/<str:name>/reading/", rules.ReadingView.as_view(), name="reading"),
    path("received-metrics/", ReceiptsView.as_view(), name="received-metrics"),
    path("samples/", rules.SampleView.as_view(), name="samples"),
    path("dispatch/", rules.DispatchView.as_view(), name="dispatch"),
    path("channel-kinds/", ChannelKindsView.as_view(), name="channel-kinds"),
    path("webhook-schema/", WebhookSchemaView.as_view(), name="webhook-schema"),
    path("reliability/", ReliabilityView.as_view(), name="reliability"),
    path("reliability/goal/", ReliabilityGoalView.as_view(), name="reliability-goal"),
    path("optimizer/policy/", OptimizerPolicyView.as_view(), name="optimizer-policy"),
    path("optimizer/scoreboard/", ScoreboardView.as_view(), name="optimizer-scoreboard"),
    path("doctor/", DoctorView.as_view(), name="doctor"),
    path("retention/", RetentionView.as_view(), name="retention"),
    path("people/<uuid:pk>/sessions/", SessionsView.as_view(), name="person-sessions"),
    path("people/<uuid:pk>/sessions/<uuid:session>/", SessionView.as_view(), name="person-session"),
    path("people/<uuid:pk>/export/", PersonalDataView.as_view(), name="person-export"),
    path("people/<uuid:pk>/erase/", EraseView.as_view(), name="person-erase"),
    path("preferences/", PreferencesView.as_view(), name="preferences"),
    path("me/", MeView.as_view(), name="me"),
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    path("", RootView.as_view(), name="root"),
]
resources: list[URLPattern | URLResolver] = [path("", include(router.urls)), *others]
# What other systems send and read, at the paths that they know.
protocols = [
    path("v1/alertmanager", AlertmanagerView.as_view(), name="alertmanager"),
    path("v2/write", LineProtocolView.as_view(), name="influx-write"),
    path("v1/write", RemoteWriteView.as_view(), name="remote-write"),
    path("v1/rules", RulesView.as_view(), name="prometheus-rules"),
    path("v1/alerts", AlertsView.as_view(), name="prometheus-alerts"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    *protocols,
    path("v1/", include((resources, "v1"))),  # and without a version: today's paths stay
    *resources,
    re_path(r"^[\s\S]*$", NowhereView.as_view()),
]
