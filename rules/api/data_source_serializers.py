"""Data sources and metric queries as JSON; secrets are write-only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rules.data_sources.changes import NameTaken, save_query, save_source
from rules.data_sources.connections import HEADER_NAME, SourceSecrets, known_secrets_of
from rules.data_sources.probe import Probe, QueryTrial
from rules.data_sources.status import SOURCE_STATES, source_state
from rules.data_sources.validation import (
    ENTER_AGAIN_ELSEWHERE,
    MAX_EXPRESSION,
    MAX_HEADERS,
    MAX_SECRET,
    query_errors,
    source_errors,
)
from rules.engine.series_labels import LABEL_NAME
from rules.ingest.samples import METRIC_NAME
from rules.models import DataSource, MetricQuery
from smartagent.kernel.coerce import as_uuid
from smartagent.rest.certificate_field import CertificatesField
from smartagent.rest.fields import FlagField, JSONObjectField, TextField, TimeField, keepable
from smartagent.rest.serializers import StrictModelSerializer

HEADER_VALUE = {"type": "string", "pattern": r"^[!-~]([ -~]*[!-~])?$", "maxLength": MAX_SECRET}


@contextmanager
def _names_are_unique() -> Iterator[None]:
    """Say at which field a name is taken."""
    try:
        yield
    except NameTaken as error:
        raise serializers.ValidationError({"name": [str(error)]}) from None


class HeadersField(JSONObjectField):
    """Headers by name, each a text, or null for the stored value."""

    asks = {
        "maxProperties": MAX_HEADERS,
        "propertyNames": {"pattern": f"^{HEADER_NAME.pattern}$"},
        "additionalProperties": {"oneOf": [HEADER_VALUE, {"type": "null"}]},
    }

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if not all(isinstance(value, str | None) for value in found.values()):
            raise serializers.ValidationError("Each header is a text, or null for its stored value.")
        return found


class SummarySerializer(serializers.Serializer[Any]):
    """What one evaluation found: numbers of queries, failures and series, and milliseconds of a query."""

    at = TimeField()
    queries = serializers.IntegerField()
    failed = serializers.IntegerField()
    series = serializers.IntegerField()
    median = serializers.FloatField(help_text="Milliseconds.")
    slowest = serializers.FloatField(help_text="Milliseconds.")


class DataSourceSerializer(StrictModelSerializer):
    """A server with the HTTP API of Prometheus."""

    verify_tls = FlagField(required=False, help_text="False: a certificate that is self-signed or expired is accepted.")
    ca_certificate = CertificatesField(
        required=False, allow_blank=True,
        help_text="One or more certificates in PEM. Only what they have signed is then accepted. Empty: the usual "
        "authorities.",
    )  # fmt: skip
    enabled = FlagField(required=False, help_text="False: the source is not asked, and rules on it are in error.")
    password = TextField(
        required=False, allow_blank=True, write_only=True, max_length=MAX_SECRET,
        help_text="For basic. Encrypted, never returned. Left out: unchanged.",
    )  # fmt: skip
    token = TextField(
        required=False, allow_blank=True, write_only=True, max_length=MAX_SECRET,
        asks={"pattern": "^[!-~]*$"}, help_text="For bearer. Encrypted, never returned. Left out: unchanged.",
    )  # fmt: skip
    headers = HeadersField(
        required=False, write_only=True,
        help_text='All headers, for example {"X-Scope-OrgID": "team-a"}; null keeps a stored value. Encrypted, never '
        "returned. Left out: unchanged.",
    )  # fmt: skip
    header_names = serializers.ListField(child=serializers.CharField(), read_only=True)
    secrets = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    last_evaluation = serializers.SerializerMethodField()

    class Meta:
        model = DataSource
        fields = [
            "id", "name", "address", "verify_tls", "ca_certificate", "authentication", "username", "password", "token",
            "headers", "header_names", "secrets", "timeout", "person_label", "enabled", "state", "last_success_at",
            "last_error_at", "last_error", "last_evaluation", "provisioned_by", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "last_success_at", "last_error_at", "last_error", "provisioned_by", "created_at", "updated_at"
        ]  # fmt: skip
        extra_kwargs: dict[str, Any] = {
            "name": {"validators": []},
            "address": {"asks": {"pattern": r"^https?://[a-z0-9.-]*[a-z0-9](:[0-9]{1,4})?(/[a-zA-Z0-9_-]+)*/?$"}},
            "username": {"asks": {"pattern": "^[^:]*$"}},
            "person_label": {"asks": {"pattern": f"^({LABEL_NAME.pattern})?$"}},
        }

    @extend_schema_field(
        {"type": "object", "additionalProperties": {"type": "boolean"}, "description": "Whether each secret is set."}
    )
    def get_secrets(self, source: DataSource) -> dict[str, bool]:
        known = known_secrets_of(source)
        return {"password": bool(known.password), "token": bool(known.token)}

    @extend_schema_field({"type": "string", "enum": [state for state, _ in SOURCE_STATES]})
    def get_state(self, source: DataSource) -> str:
        return source_state(source)

    @extend_schema_field(SummarySerializer(allow_null=True))
    def get_last_evaluation(self, source: DataSource) -> Any:
        return SummarySerializer(source.recent[-1]).data if source.recent else None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known = known_secrets_of(self.instance) if self.instance else SourceSecrets()
        given: dict[str, Any] = {name: attrs.pop(name) for name in ("password", "token", "headers") if name in attrs}
        source = DataSource.objects.get(pk=self.instance.pk) if self.instance else DataSource()
        elsewhere = bool(self.instance) and attrs.get("address", source.address) != source.address
        for name, value in attrs.items():
            setattr(source, name, value)
        secrets, errors = _merged(source, known, given, elsewhere)
        errors |= source_errors(source, secrets)
        if errors:
            raise serializers.ValidationError(errors)
        return {"source": source, "secrets": secrets}

    def create(self, validated_data: Any) -> DataSource:
        return self._saved(validated_data)

    def update(self, instance: Any, validated_data: Any) -> DataSource:
        return self._saved(validated_data)

    def _saved(self, validated: dict[str, Any]) -> DataSource:
        source: DataSource = validated["source"]
        with _names_are_unique():
            save_source(source, validated["secrets"], self.context["request"].user, timezone.now())
        return source


def _merged(
    source: DataSource, known: SourceSecrets, given: dict[str, Any], elsewhere: bool
) -> tuple[SourceSecrets, dict[str, list[str]]]:
    """The secrets to store, and what is wrong with keeping stored ones."""
    headers, errors = dict(known.headers), {}
    if "headers" in given:
        kept = {name for name, value in given["headers"].items() if value is None}
        if unknown := sorted(kept - known.headers.keys()):
            errors["headers"] = [f"The header {unknown[0][:100]} has no stored value that null could keep."]
        headers = {name: known.headers.get(name, "") if name in kept else given["headers"][name]
                   for name in given["headers"] if name not in unknown}  # fmt: skip
    else:
        kept = set(headers)
    uses = {DataSource.Authentication.BASIC: "password", DataSource.Authentication.BEARER: "token"}
    stays = uses.get(DataSource.Authentication(source.authentication))
    if elsewhere and kept:
        errors["headers"] = [ENTER_AGAIN_ELSEWHERE]
    if elsewhere and stays and stays not in given and getattr(known, stays):
        errors[stays] = [ENTER_AGAIN_ELSEWHERE]
    password, token = (given.get(name, getattr(known, name)) for name in ("password", "token"))
    return SourceSecrets(password=password, token=token, headers=headers), errors


@extend_schema_field({"type": "string"})
class SourceField(serializers.Field):  # type: ignore[type-arg]
    """A data source, by its name; on write also by its id."""

    asks = {"minLength": 1, "pattern": r"\S"}
    default_error_messages = {
        "invalid": "Enter the name or ID of a data source as text.",
        "unknown": "No data source with the name or ID “{text}”.",
    }

    def to_internal_value(self, data: Any) -> DataSource:
        if not isinstance(data, str) or not keepable(data):
            self.fail("invalid")
        key = as_uuid(data)
        found: DataSource | None = DataSource.objects.filter(name=data.strip()).first()
        found = found or (DataSource.objects.filter(pk=key).first() if key else None)
        if found is None:
            self.fail("unknown", text=data[:100])
        return found

    def to_representation(self, value: DataSource) -> str:
        return value.name


class MetricQuerySerializer(StrictModelSerializer):
    """A metric that a data source computes at each evaluation."""

    source = SourceField(  # type: ignore[assignment]
        help_text="Name of the data source; on write also its ID."
    )

    class Meta:
        model = MetricQuery
        fields = [
            "id", "name", "source", "expression", "description", "unit", "provisioned_by", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["provisioned_by", "created_at", "updated_at"]
        extra_kwargs: dict[str, Any] = {
            "name": {"validators": [], "asks": {"pattern": f"^{METRIC_NAME.pattern}$"}},
            "expression": {"asks": {"maxLength": MAX_EXPRESSION}},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        query = MetricQuery.objects.get(pk=self.instance.pk) if self.instance else MetricQuery()
        for name, value in attrs.items():
            setattr(query, name, value)
        if errors := query_errors(query):
            raise serializers.ValidationError(errors)
        return {"query": query}

    def create(self, validated_data: Any) -> MetricQuery:
        return self._saved(validated_data)

    def update(self, instance: Any, validated_data: Any) -> MetricQuery:
        return self._saved(validated_data)

    def _saved(self, validated: dict[str, Any]) -> MetricQuery:
        query: MetricQuery = validated["query"]
        with _names_are_unique():
            save_query(query, self.context["request"].user, timezone.now())
        return query


class ProbeSerializer(serializers.Serializer[Probe]):
    """The answer of a data source."""

    answered = serializers.SerializerMethodField()
    milliseconds = serializers.FloatField()
    version = serializers.CharField(help_text="Empty where the source does not say it.")
    error = serializers.CharField(help_text="The source's own words; empty where it answered.")

    def get_answered(self, found: Probe) -> bool:
        return not found.error


class TrialSeriesSerializer(serializers.Serializer[Any]):
    labels = serializers.DictField(child=serializers.CharField())
    value = serializers.FloatField()


class QueryTrialSerializer(serializers.Serializer[QueryTrial]):
    """What a query returns now."""

    series = TrialSeriesSerializer(many=True, help_text="The first of them.")
    count = serializers.IntegerField(help_text="Number of all series.")
    unknown = serializers.IntegerField(help_text="Number of series that name nobody here, and are left out.")
    milliseconds = serializers.FloatField()
    error = serializers.CharField(help_text="The source's own words; empty where it answered.")
