"""The metrics and their current readings."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.engine.states import Verdict
from rules.evaluation.preview import preview
from rules.ingest.samples import METRIC_NAME, check_target
from rules.metrics.catalogue import catalogue
from rules.models import AutomationRule
from rules.registries import metrics
from smartagent.models import User
from smartagent.rest.fields import DurationField, TimeField, visible_person
from smartagent.rest.views import StrictView


class MetricSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="Name, as used in metric_type of rules.")
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    unit = serializers.CharField()
    lowest = serializers.FloatField(allow_null=True, help_text="Lowest possible value, if any.")
    highest = serializers.FloatField(allow_null=True, help_text="Highest possible value, if any.")
    max_age = DurationField(allow_null=True, help_text="Older readings count as no data.")
    built_in = serializers.BooleanField(help_text="False: pushed metric, or query of a data source.")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Data source of a metric that is a query; empty for others."
    )


class CatalogueSerializer(serializers.Serializer[Any]):
    results = MetricSerializer(many=True)


class ReadingSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    user = serializers.UUIDField()
    target = serializers.CharField()
    status = serializers.ChoiceField(["ok", "no_data", "failed"])
    value = serializers.FloatField(allow_null=True)
    observed_at = TimeField(allow_null=True)
    cause = serializers.CharField(help_text="Error text; empty without an error.")


class CatalogueView(StrictView):
    needs = "rules.view_metricsample"

    @extend_schema(
        tags=["metrics"],
        summary="List metrics",
        description="Built-in metrics, queries of data sources, and pushed metrics you can access.",
        responses=CatalogueSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(CatalogueSerializer({"results": catalogue(request.user)}).data)


class ReadingView(StrictView):
    needs = "rules.view_metricsample"
    parameters = ("target", "user")

    @extend_schema(
        tags=["metrics"],
        summary="Read a metric now",
        description="The current reading as a rule would see it. A metric without a reading is `no_data`.",
        parameters=[
            OpenApiParameter("name", str, "path", description="Metric name."),
            OpenApiParameter("target", str, description="An integration, or the target of pushed samples."),
            OpenApiParameter("user", str, description="Person: ID or e-mail. Default: you."),
        ],
        responses=ReadingSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        if not (name in metrics or METRIC_NAME.fullmatch(name)):
            raise NotFound("Not a metric name.")
        person, target = _person(request), _target(request)
        rule = AutomationRule(
            user=person, rule_name="reading", metric_type=name, condition_operator=">", threshold_value=0,
            action_type="log", target_integration=target,
        )  # fmt: skip
        seen = preview(rule, timezone.now())
        facts = {"metric": name, "user": person.pk, "target": target, "value": seen.value, "cause": seen.cause}
        facts |= {"status": STATUS.get(seen.verdict, "ok"), "observed_at": seen.observed_at}
        return Response(ReadingSerializer(facts).data)


STATUS = {Verdict.MISSING.value: "no_data", Verdict.FAILED.value: "failed"}


def _target(request: Request) -> str:
    try:
        return check_target(request.query_params.get("target"))
    except ValueError as error:
        raise ValidationError({"target": [str(error)]}) from None


def _person(request: Request) -> User:
    text = request.query_params.get("user")
    me: User = request.user  # type: ignore[assignment]
    found = me if text is None else visible_person(text, me)
    if found is None:
        raise ValidationError({"user": ["The person does not exist, or you cannot access their readings."]})
    return found
