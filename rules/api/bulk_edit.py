"""Bulk edit and deletion of rules by REST: the same as on the page."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.lifecycle import DifferenceSerializer
from rules.authoring.fields import FIELD_HELP
from rules.authoring.labels import label_problem
from rules.authoring.rest_fields import WEB, ChecksField, LabelsField
from rules.lifecycle.bulk_edit import EDITABLE, Edit, Edited, edit_together, edited
from rules.lifecycle.recycle_bin import delete
from rules.models import AutomationRule
from smartagent.rest.bulk import MAX_BULK_IDS, ManySerializer, OutcomesSerializer, answered, ids_in, outcomes_of
from smartagent.rest.constraints import AnyFilled, NotTogether
from smartagent.rest.fields import ChoiceField, FlagField, IdField, NumberField, TextField
from smartagent.rest.serializers import StrictModelSerializer, StrictSerializer

MAX_BULK_EDIT_RULES = 1000
MAX_PERCENT = 1_000_000
OF_A_FILE = "A file manages this rule. Remove it from the file and apply it again."


class PercentField(NumberField):
    """A change in percent."""

    asks = {"exclusiveMinimum": -MAX_PERCENT, "exclusiveMaximum": MAX_PERCENT}


class BulkValuesSerializer(StrictModelSerializer):
    """New values; omitted fields stay unchanged."""

    status = ChoiceField(choices=["active", "paused"], required=False, help_text=FIELD_HELP["status"])
    pending_for = ChecksField(required=False, help_text=FIELD_HELP["pending_for"])
    keep_firing_for = ChecksField(required=False, help_text=FIELD_HELP["keep_firing_for"])
    repeat_every = ChecksField(required=False, help_text=FIELD_HELP["repeat_every"])

    class Meta:
        model = AutomationRule
        fields = EDITABLE
        extra_kwargs: dict[str, Any] = {name: {"required": False, "help_text": FIELD_HELP[name]} for name in EDITABLE}
        extra_kwargs["runbook_url"]["asks"] = WEB


class BulkEditSerializer(StrictSerializer):
    constraints = (
        AnyFilled(
            ("values", "percent", "put_labels", "take_labels"),
            "Give at least one of values, percent, put_labels, take_labels.",
        ),
        NotTogether("percent", "values.threshold_value", "Give a new threshold or a change in percent, not both."),
    )

    rules = serializers.ListField(child=IdField(), min_length=1, max_length=MAX_BULK_EDIT_RULES)
    values = BulkValuesSerializer(required=False)
    percent = PercentField(required=False, help_text="Change of the thresholds in percent, for example -5.")
    put_labels = LabelsField(required=False, help_text="Labels to add; other labels are kept.")
    take_labels = serializers.ListField(
        child=TextField(max_length=63), required=False, max_length=30, help_text="Names of labels to remove."
    )
    dry_run = FlagField(required=False, default=False, help_text="Only preview the changes.")

    def validate_put_labels(self, labels: Any) -> Any:
        if problem := label_problem(labels):
            raise ValidationError([problem])
        return labels

    def validate_percent(self, percent: Decimal) -> Decimal:
        if abs(percent) >= MAX_PERCENT:
            raise ValidationError([f"The change must be less than {MAX_PERCENT:,} percent."])
        return percent


class BulkChangeSerializer(serializers.Serializer[Any]):
    rule = serializers.UUIDField()
    changes = DifferenceSerializer(many=True)


class BulkRefusalSerializer(serializers.Serializer[Any]):
    rule = serializers.UUIDField()
    reasons = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    changed = BulkChangeSerializer(many=True)
    unchanged = serializers.ListField(child=serializers.UUIDField(), help_text="Rules that already have these values.")
    refused = BulkRefusalSerializer(many=True, help_text="Skipped rules, with reasons.")
    unknown = serializers.ListField(child=serializers.UUIDField(), help_text="Rules you cannot change.")


class BulkActions:
    """`bulk-edit` and `bulk-delete`, for the view of rules."""

    @extend_schema(
        summary="Bulk edit rules", request=BulkEditSerializer, responses=BulkOutcomeSerializer,
        description=f"At most {MAX_BULK_EDIT_RULES:,}. Only given fields are written. Rules that would become "
        "invalid, or are managed by a file, are skipped. Each change creates a version.",
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", url_path="bulk-edit")
    def bulk_edit(self, request: Request) -> Response:
        requested = BulkEditSerializer(data=request.data)
        requested.is_valid(raise_exception=True)
        given: dict[str, Any] = requested.validated_data
        ids, edit = set(given["rules"]), _edit(given)
        rules = AutomationRule.objects.changeable_by(request.user).filter(pk__in=ids)
        if given["dry_run"]:
            some = list(edited(rules.order_by("rule_name", "pk"), edit))
        else:
            some = edit_together(rules, edit, request.user, timezone.now())
        return Response(BulkOutcomeSerializer(_outcome(some, ids, given["dry_run"])).data)

    @extend_schema(
        summary="Delete many rules", request=ManySerializer, responses=OutcomesSerializer,
        description=f"Moves up to {MAX_BULK_IDS:,} rules to the recycle bin for 30 days, with an outcome for each. "
        "Rules that a file manages are kept.",
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="delete", url_path="bulk-delete")
    def bulk_delete(self, request: Request) -> Response:
        ids, now, rules = ids_in(request), timezone.now(), AutomationRule.objects.changeable_by(request.user)

        def change(some: Any) -> int:
            return delete(some.filter(provisioned_by=""), request.user, now)

        return answered(outcomes_of(ids, rules, ["deleted_at"], change, OF_A_FILE))


def _edit(given: dict[str, Any]) -> Edit:
    return Edit(
        values=given.get("values") or {}, percent=given.get("percent"), put=given.get("put_labels") or {},
        taken=tuple(given.get("take_labels") or ()),
    )  # fmt: skip


def _outcome(some: list[Edited], ids: set[Any], dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "changed": [{"rule": one.before.pk, "changes": one.changes} for one in some if one.changes and not one.refused],
        "unchanged": [one.before.pk for one in some if not one.changes],
        "refused": [{"rule": one.before.pk, "reasons": one.refused} for one in some if one.refused],
        "unknown": sorted(ids - {one.before.pk for one in some}),
    }
