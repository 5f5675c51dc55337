"""Rules as code by REST: export, plan, apply, release, and files of Prometheus. The same as `manage.py rules`."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.file_serializers import (
    ApplySerializer,
    ExportedSerializer,
    ImportedSerializer,
    PlanSerializer,
    PrometheusSerializer,
    ReleasedSerializer,
    ReleaseSerializer,
    RuleFileSerializer,
)
from rules.models import AutomationRule
from rules.prometheus.imported import as_document as imported_document
from rules.prometheus.importer import import_prometheus
from rules.prometheus.report import report_facts
from rules.prometheus.target import target_named
from rules.provisioning.apply import Outdated, apply
from rules.provisioning.document import Document, read_document, read_text
from rules.provisioning.export import as_document, as_yaml, chosen, with_sources
from rules.provisioning.plan import make_plan
from rules.provisioning.plan_text import json_of, plan_facts
from rules.provisioning.problems import FileRefused
from rules.provisioning.release import release
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User
from smartagent.rest.bodies import LARGE, SMALL
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import keepable, visible_person
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.throttling import Previews


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
        detail=False, methods=["post"], needs="change", scope=TokenScope.READ, url_path="plan", largest_body=LARGE,
        throttle_classes=[Previews],
    )  # fmt: skip
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
        scope=TokenScope.READ,
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
