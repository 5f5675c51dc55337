"""Optimizations, by REST: read, asked for, tried, answered."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from optimizer.api.serializers import (
    AnsweredSerializer,
    AskSerializer,
    DismissSerializer,
    DryRunSerializer,
    ManyAnswersSerializer,
    NotedSerializer,
    OneOptimizationSerializer,
    OptimizationSerializer,
    effect_of,
)
from optimizer.execution.dry_run import would_change
from optimizer.execution.responses import answer, answer_many
from optimizer.filters import OptimizationFilter
from optimizer.models import OptimizationEvent
from optimizer.proposals.decisions import DecisionRefused
from optimizer.proposals.requests import ManualRequest, NoLimit, ask
from optimizer.text.steps import shown_steps
from smartagent.kernel.coerce import as_number
from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.errors import Conflict
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.views import ReadViewSet

CONFLICT_RESPONSE = OpenApiResponse(
    description="The request is not possible in the current status, or not permitted; the response has the reason."
)


def described(summary: str, description: str, request: Any = None) -> Callable[[Any], Any]:
    """The OpenAPI description of a response to a proposal."""
    from_view: Any = extend_schema(
        summary=summary, description=description, request=request,
        responses={200: OneOptimizationSerializer, 409: CONFLICT_RESPONSE},
    )  # fmt: skip
    return from_view  # type: ignore[no-any-return]


@extend_schema_view(
    list=extend_schema(
        summary="List optimizations",
        description="Optimizations of Smart Agent and their results, newest first. `status=proposed`: waiting for "
            "approval. `origin=other`: rows that another application wrote to the same table.",
    ),
    retrieve=extend_schema(
        summary="Read an optimization", description="One optimization with its operations and results.",
        responses=OneOptimizationSerializer,
    ),
)  # fmt: skip
@extend_schema(tags=["optimizations"])
class OptimizationViewSet(ReadViewSet):
    queryset = OptimizationEvent.objects.select_related("user", "approved_by", "decided_by")
    serializer_class = OptimizationSerializer
    filterset_class = OptimizationFilter
    ordering_fields = ("created_at",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if self.action == "create":
            self.needs = "change"  # whoever may answer proposals may ask for one
        super().initial(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._whole(self.get_object()))

    @extend_schema(
        summary="Request an optimization", request=AskSerializer,
        responses={201: OneOptimizationSerializer, 409: CONFLICT_RESPONSE},
        description="The strategy for the metric evaluates current data. The requester cannot approve the "
            "optimization. 409 if one is open or was dismissed.",
    )  # fmt: skip
    def create(self, request: Request) -> Response:
        requested, me = self._requested(AskSerializer), self._me()
        wanted = ManualRequest(
            person=requested.get("user", me), metric=requested["metric"], target=requested.get("target", ""),
            operator=requested.get("operator", ""), threshold=as_number(requested.get("threshold")),
            kind=requested.get("kind", "manual"),
        )  # fmt: skip
        try:
            made = ask(wanted, me, timezone.now())
        except NoLimit as error:
            raise ValidationError({"threshold": [str(error)]}) from None
        if not made.is_new:
            raise Conflict(f"{made.obstacle} It is {made.event.pk}.")
        return Response(self._whole(made.event), status=201)

    @described(
        "Approve an optimization",
        "Workers apply the optimization within a minute; a scheduled one in the change window.",
    )
    @action(detail=True, methods=["post"], needs="change")
    def approve(self, request: Request, pk: Any = None) -> Response:
        return self._answer("approve")

    @described("Apply an optimization", "Approves and applies it now; the response has the result of each operation.")
    @action(detail=True, methods=["post"], needs="change", commits_in_steps=True)
    def apply(self, request: Request, pk: Any = None) -> Response:
        return self._answer("apply")

    @described("Dismiss an optimization", "The optimization is not proposed again during this time.", DismissSerializer)
    @action(detail=True, methods=["post"], needs="change")
    def dismiss(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(DismissSerializer)
        return self._answer("dismiss", lasts=requested.get("for", "7d"), note=requested.get("note", ""))

    @described("Roll back an optimization", "Reverts all of its changes, or none.", NotedSerializer)
    @action(detail=True, methods=["post"], needs="change", url_path="roll-back", commits_in_steps=True)
    def roll_back(self, request: Request, pk: Any = None) -> Response:
        return self._answer("roll_back", note=self._requested(NotedSerializer).get("note", ""))

    @described("Mark an optimization as done", "Marks the manual steps as done; the effect is measured. Only for "
        "optimizations without operations.",
               NotedSerializer)  # fmt: skip
    @action(detail=True, methods=["post"], needs="change", url_path="done-by-hand")
    def by_hand(self, request: Request, pk: Any = None) -> Response:
        return self._answer("by_hand", note=self._requested(NotedSerializer).get("note", ""))

    @extend_schema(
        summary="Dry-run an optimization", request=None, responses=DryRunSerializer,
        description="What each operation would change with current data. Changes nothing and sends no requests.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], needs="view", scope=TokenScope.READ, url_path="dry-run")
    def dry_run(self, request: Request, pk: Any = None) -> Response:
        return Response(DryRunSerializer({"steps": would_change(self.get_object(), timezone.now())}).data)

    @extend_schema(
        summary="Respond to many optimizations", request=ManyAnswersSerializer, responses=AnsweredSerializer,
        description="Each optimization separately; a refusal does not stop the others. Optimizations you may "
            "not change are skipped.",
    )  # fmt: skip
    @action(
        detail=False, methods=["post"], needs="change", serializer_class=ManyAnswersSerializer, commits_in_steps=True
    )
    def decide(self, request: Request) -> Response:
        requested = self._requested(ManyAnswersSerializer)
        events = list(self.get_queryset().filter(pk__in=requested["ids"]).select_related("rule").order_by("created_at"))
        lasts, note = requested.get("for", "7d"), requested.get("note", "")
        done, refused = answer_many(requested["verb"], events, self._me(), lasts=lasts, note=note)
        reasons = [{"id": event.pk, "reason": why} for event, why in refused]
        return Response(AnsweredSerializer({"done": [event.pk for event in done], "refused": reasons}).data)

    def get_queryset(self) -> Any:
        """A dry run reads, by whatever method. A list is of ours, unless the filter `origin` says otherwise."""
        if getattr(self, "action", "") == "dry_run" and not getattr(self, "swagger_fake_view", False):
            return OptimizationEvent.objects.visible_to(self.request.user)
        found: Any = super().get_queryset()
        listed = getattr(self, "action", "") == "list" and not getattr(self, "swagger_fake_view", False)
        return found.ours() if listed and "origin" not in self.request.query_params else found

    def _answer(self, verb: str, **arguments: str) -> Response:
        try:
            event = answer(verb, self.get_object(), self._me(), timezone.now(), **arguments)
        except DecisionRefused as refusal:
            raise Conflict(str(refusal)) from None
        return Response(self._whole(event))

    def _whole(self, event: OptimizationEvent) -> dict[str, Any]:
        whole: Any = event
        whole.shown_steps, whole.effect_shown = shown_steps(event), effect_of(event)
        shown = OneOptimizationSerializer(whole, context=self.get_serializer_context())
        return dict(self.choose_fields(shown).data)

    def get_serializer_class(self) -> Any:
        return OneOptimizationSerializer if self.action == "retrieve" else super().get_serializer_class()

    def _requested(self, kind: type[StrictSerializer]) -> dict[str, Any]:
        requested = kind(data=self.request.data, context=self.get_serializer_context())
        requested.is_valid(raise_exception=True)
        return dict(requested.validated_data)

    def _me(self) -> Any:
        return self.request.user
