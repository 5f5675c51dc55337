"""What requests for rules as code contain, and what their answers contain."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rules.provisioning.document import MAX_FILE_RULES, VERSION
from rules.provisioning.plan import PLAN_KINDS
from rules.provisioning.source_entries import MAX_SECTION, SOURCE_SECTIONS
from smartagent.rest.bodies import LARGE
from smartagent.rest.constraints import ExactlyOne
from smartagent.rest.fields import FlagField, JSONObjectField, TextField
from smartagent.rest.serializers import StrictSerializer

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
            "data_sources": {"type": ["array", "null"], "maxItems": MAX_SECTION, "items": {"type": "object"}},
            "queries": {"type": ["array", "null"], "maxItems": MAX_SECTION, "items": {"type": "object"}},
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


@extend_schema_field({"type": ["string", "number", "boolean", "object", "array", "null"], "items": {}})
class ValueField(serializers.JSONField):
    """A value of a rule."""


class PlannedChangeSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    old = ValueField(help_text="null: the default.")
    new = ValueField()


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
