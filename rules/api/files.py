"""Rules as code by REST: export, plan, apply, release, and files of Prometheus. The same as `manage.py rules`."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.models import AutomationRule
from rules.prometheus.imported import as_document as imported_document
from rules.prometheus.importer import import_prometheus
from rules.prometheus.report import report_facts
from rules.prometheus.target import target_named
from rules.provisioning.apply import Outdated, apply
from rules.provisioning.document import MAX_FILE_RULES, VERSION, Document, read_document, read_text
from rules.provisioning.export import as_document, as_yaml, chosen, with_sources
from rules.provisioning.plan import PLAN_KINDS, make_plan
from rules.provisioning.plan_text import json_of, plan_facts
from rules.provisioning.problems import FileRefused
from rules.provisioning.release import release
from rules.provisioning.source_entries import MAX_SECTION, SOURCE_SECTIONS
from smartagent.models import User
from smartagent.rest.bodies import LARGE, SMALL
from smartagent.rest.constraints import ExactlyOne
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import FlagField, JSONObjectField, TextField, keepable, visible_person
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.throttling import Previews

MAX_DOCUMENT_BYTES = 8_000_000


class NameOfFile(TextField):
    """The name of a file of rules."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=80, help_text="Name of the rules file.", **kwargs)


class DocumentField(JSONObjectField):
    """A file of rules as an object."""

    asks = {
        "required": ["version", "rules"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": VERSION},
            "source": {"type": "string", "minLength": 1},
            "data_sources": {"type": "array", "maxItems": MAX_SECTION, "items": {"type": "object"}},
            "queries": {"type": "array", "maxItems": MAX_SECTION, "items": {"type": "object"}},
            "rules": {"type": "array", "maxItems": MAX_FILE_RULES, "items": {"type": "object"}},
        },
    }


class RuleFileSerializer(StrictSerializer):
    """A file of rules, as text or as an object."""

    constraints = (ExactlyOne(("text", "document"), "Give either text or document."),)

    text = TextField(
        required=False, max_length=MAX_DOCUMENT_BYTES, trim_whitespace=False, help_text="YAML or JSON text."
    )
    document = DocumentField(longest=LARGE, required=False, help_text="The file as an object, as returned by export.")
    source = NameOfFile(required=False, allow_blank=True, default="")  # type: ignore[assignment]
    owner = TextField(
        required=False, max_length=254, help_text="Owner of rules without an owner: ID or e-mail. Default: you."
    )
    prune = FlagField(
        required=False, default=False, help_text="Delete rules that are no longer in this file; requires a source."
    )


class ApplySerializer(RuleFileSerializer):
    adopt = FlagField(required=False, default=False, help_text="Take over rules created by hand or by another file.")
    fingerprint = TextField(
        required=False,
        allow_blank=True,
        default="",
        max_length=64,
        help_text="Apply only if the plan still has this fingerprint.",
    )


class PlannedChangeSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True, help_text="null: the default.")
    new = serializers.JSONField(allow_null=True)


class PlannedItemSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(PLAN_KINDS)
    uid = serializers.CharField()
    name = serializers.CharField()
    rule = serializers.UUIDField(allow_null=True)
    changes = PlannedChangeSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class PlannedSourceSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(PLAN_KINDS)
    section = serializers.ChoiceField(tuple(SOURCE_SECTIONS))
    name = serializers.CharField()
    changes = PlannedChangeSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class PlanSerializer(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    fingerprint = serializers.CharField(help_text="Equal for plans with the same changes.")
    changes = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    items = PlannedItemSerializer(many=True)
    sources = PlannedSourceSerializer(many=True, help_text="Data sources and metric queries of the file.")


class ExportedSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(help_text="The file as YAML.")
    document = serializers.JSONField(help_text="The file as an object.")


class ReleaseSerializer(StrictSerializer):
    source = NameOfFile()  # type: ignore[assignment]


class ReleasedSerializer(serializers.Serializer[Any]):
    released = serializers.IntegerField()


class PrometheusSerializer(StrictSerializer):
    text = TextField(
        max_length=MAX_DOCUMENT_BYTES, trim_whitespace=False, help_text="Prometheus alerting rules, as YAML."
    )
    source = NameOfFile(required=False, allow_blank=True, default="")  # type: ignore[assignment]

    data_source = TextField(
        required=False, allow_blank=True, default="", max_length=100,
        help_text="Prometheus-compatible data source that evaluates the expressions; it need not exist yet.",
    )  # fmt: skip
    address = TextField(
        required=False, allow_blank=True, default="", max_length=500,
        help_text="Address of that data source, written to the file.",
    )  # fmt: skip


class ImportedRuleSerializer(serializers.Serializer[Any]):
    alert = serializers.CharField(allow_blank=True)
    group = serializers.CharField(allow_blank=True)
    uid = serializers.CharField(allow_null=True)
    imported = serializers.BooleanField()
    notes = serializers.ListField(child=serializers.CharField(), help_text="Differences, or why the rule is skipped.")


class ImportedSerializer(ExportedSerializer):
    alerts = serializers.IntegerField(help_text="Number of alerts, without recording rules.")
    converted = serializers.IntegerField(help_text="Number of alerts that were converted.")
    percent = serializers.FloatField(help_text="Share of the alerts that were converted.")
    report = ImportedRuleSerializer(many=True)


class FileActions:
    """`export`, `plan`, `apply`, `release` and `import-prometheus`, for the view of rules."""

    largest_body = SMALL  # of the other actions of that view

    @extend_schema(
        operation_id="rules_export", summary="Export rules", responses=ExportedSerializer,
        description="All rules you can access, or those of an owner, with a label (name=value) or of a file.",
        parameters=[
            OpenApiParameter("owner", str, description="ID or e-mail."),
            OpenApiParameter("label", str, pattern="^[^=]+=", description="name=value; only rules with this label."),
            OpenApiParameter("source", str, description="Only rules managed by this file."),
        ],
    )  # fmt: skip
    @action(detail=False, methods=["get"], parameters=("owner", "label", "source"), url_path="export")
    def export_file(self, request: Request) -> Response:
        requested = request.query_params
        name, sign, value = requested.get("label", "").partition("=")
        if "label" in requested and not (name and sign):
            raise ValidationError({"label": ["Enter name=value, for example team=database."]})
        for field in ("label", "source"):
            if not keepable(requested.get(field, "")):
                raise ValidationError({field: ["Invalid characters in the file name or label."]})
        rules = AutomationRule.objects.visible_to(request.user)
        if "source" in requested:
            rules = rules.filter(provisioned_by=requested["source"])
        rules = chosen(rules, owner=_person(requested.get("owner"), request.user), labels={name: value} if name else {})
        document = as_document(rules, requested.get("source", ""))
        if not (requested.get("owner") or name):
            document = with_sources(document, request.user, requested.get("source", ""))
        return Response({"text": as_yaml(document), "document": json_of(document)})

    @extend_schema(
        operation_id="rules_plan", summary="Plan a rules file", request=RuleFileSerializer, responses=PlanSerializer,
        description="Lists what applying the file would change, rule by rule. Changes nothing. "
        'Errors are keyed by their place: `{"rules[3].threshold": ["..."]}`.',
    )  # fmt: skip
    @action(
        detail=False, methods=["post"], needs="change", url_path="plan", largest_body=LARGE, throttle_classes=[Previews]
    )
    def plan_file(self, request: Request) -> Response:
        given = _given(RuleFileSerializer, request)
        owner = _person(given.get("owner"), request.user)
        plan = make_plan(_document(given), request.user, owner=owner, prune=given["prune"])
        if plan.problems:
            raise ValidationError(FileRefused(plan.problems).by_place())
        return Response(plan_facts(plan))

    @extend_schema(
        operation_id="rules_apply", summary="Apply a rules file", request=ApplySerializer,
        responses={200: PlanSerializer, 409: OpenApiResponse(description="The plan has changed.")},
        description="Applies the whole file or nothing. Returns the applied plan.",
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", url_path="apply", largest_body=LARGE)
    def apply_file(self, request: Request) -> Response:
        if not request.user.has_perm("rules.add_automationrule"):
            raise PermissionDenied("You are not allowed to create rules.")
        given = _given(ApplySerializer, request)
        try:
            plan = apply(
                _document(given), request.user, timezone.now(), owner=_person(given.get("owner"), request.user),
                adopt=given["adopt"], prune=given["prune"], fingerprint=given["fingerprint"],
            )  # fmt: skip
        except FileRefused as error:
            raise ValidationError(error.by_place()) from None
        except Outdated as error:
            raise Conflict(f"{error} The current plan is {error.plan.fingerprint}.") from None
        return Response(plan_facts(plan))

    @extend_schema(
        operation_id="rules_release", summary="Release the rules of a file", request=ReleaseSerializer,
        responses=ReleasedSerializer, description=(
            "The rules can be edited by hand again. Returns the number of released rules."
        ),
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", url_path="release")
    def release_file(self, request: Request) -> Response:
        given = _given(ReleaseSerializer, request)
        return Response({"released": release(given["source"], request.user, timezone.now())})

    @extend_schema(
        operation_id="rules_import_prometheus", summary="Convert Prometheus rules", request=PrometheusSerializer,
        responses=ImportedSerializer,
        description="Converts Prometheus alerting rules to a rules file, with a report of what was not converted. "
        "Changes nothing: plan and apply the result.",
    )  # fmt: skip
    @action(
        detail=False,
        methods=["post"],
        needs="change",
        url_path="import-prometheus",
        largest_body=LARGE,
        throttle_classes=[Previews],
    )
    def import_file(self, request: Request) -> Response:
        given = _given(PrometheusSerializer, request)
        try:
            target = target_named(given["data_source"], given["address"])
            imported = import_prometheus(given["text"], target)
        except FileRefused as error:
            raise ValidationError(error.by_place()) from None
        document = imported_document(imported, given["source"], target)
        return Response({"text": as_yaml(document)} | report_facts(imported, document))


def _given(kind: type[StrictSerializer], request: Request) -> dict[str, Any]:
    requested = kind(data=request.data)
    requested.is_valid(raise_exception=True)
    return dict(requested.validated_data)


def _document(given: dict[str, Any]) -> Document:
    try:
        if "text" in given:
            return read_text(given["text"], given["source"], named=bool(given["source"]))
        return read_document(given["document"], given["source"], named=bool(given["source"]))
    except FileRefused as error:
        raise ValidationError(error.by_place()) from None


def _person(text: str | None, me: Any) -> User | None:
    if text is None:
        return None
    found = visible_person(text, me)
    if found is None:
        raise ValidationError({"owner": ["The person does not exist, or you cannot access them."]})
    return found
