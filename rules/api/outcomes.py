"""REST endpoints of results: instances, the activity log, and runs."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request

from rules.api.activity_export import ExportAction
from rules.api.activity_stream import StreamAction
from rules.api.instances import HandlingActions
from rules.api.serializers import ActivitySerializer, RunSerializer, StateSerializer
from rules.api.why import EntryWhyAction
from rules.filters import ActivityFilter, RunFilter, StateFilter
from rules.models import ActivityEntry, DispatchRun, RuleState
from smartagent.rest.views import ReadViewSet


@extend_schema_view(
    list=extend_schema(
        summary="List instances",
        description="State of each instance (rule, person, target), most recently changed first. "
        "`condition=firing` returns firing alerts.",
    ),
    retrieve=extend_schema(summary="Read an instance", description="State of one instance."),
)
@extend_schema(tags=["states"])
class StateViewSet(HandlingActions, ReadViewSet):
    queryset = RuleState.objects.select_related("rule")
    serializer_class = StateSerializer
    filterset_class = StateFilter
    ordering_fields = ("since",)


@extend_schema_view(
    list=extend_schema(
        summary="List activity",
        description=(
            "Activity log, newest first. The context of an entry has metric, value, threshold, operator and outcome."
        ),
    ),
    retrieve=extend_schema(summary="Read an activity entry", description="One entry of the activity log."),
)
@extend_schema(tags=["activity"])
class ActivityViewSet(EntryWhyAction, ExportAction, StreamAction, ReadViewSet):
    queryset = ActivityEntry.objects.select_related("rule")
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    ordering_fields = ("created_at",)

    def lists(self, request: Request) -> bool:
        return self.action in ("list", "export", "stream")


@extend_schema_view(
    list=extend_schema(
        summary="List runs", description="Evaluations of rules, newest first: scheduled ones and those you requested."
    ),
    retrieve=extend_schema(summary="Read a run", description="One evaluation of the rules."),
)
@extend_schema(tags=["runs"])
class RunViewSet(ReadViewSet):
    queryset = DispatchRun.objects.all()
    serializer_class = RunSerializer
    filterset_class = RunFilter
    ordering_fields = ("started_at",)
