"""Data sources as JSON; secrets are write-only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rules.api.source_secrets import HeadersField, merged_secrets
from rules.data_sources.changes import NameTaken, save_source
from rules.data_sources.connections import SourceSecrets, known_secrets_of
from rules.data_sources.status import SOURCE_STATES, source_in_words, source_state
from rules.data_sources.validation import (
    MAX_SECRET,
    source_errors,
)
from rules.engine.series_labels import LABEL_NAME
from rules.models import DataSource
from smartagent.rest.certificate_field import CertificatesField
from smartagent.rest.fields import SECRETS_SET, FlagField, TextField, TimeField
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer


@contextmanager
def names_are_unique() -> Iterator[None]:
    """Say at which field a name is taken."""
    try:
        yield
    except NameTaken as error:
        raise serializers.ValidationError({"name": [str(error)]}) from None


class SummarySerializer(serializers.Serializer[Any]):
    """What one evaluation found: numbers of queries, failures and series, and milliseconds of a query."""

    at = TimeField()
    queries = serializers.IntegerField()
    failed = serializers.IntegerField()
    series = serializers.IntegerField()
    median = serializers.FloatField(help_text="Milliseconds.")
    slowest = serializers.FloatField(help_text="Milliseconds.")
    warnings = serializers.ListField(
        child=serializers.CharField(), default=list, help_text="The source's own words, of some of its answers."
    )


class DataSourceSerializer(RowMixin, StrictModelSerializer):
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
        resource, page, sentence = "data-sources", "admin:rules_datasource_page", source_in_words
        collections = {"metric_queries": "metric-queries/?source={}"}
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

    @extend_schema_field(SECRETS_SET)
    def get_secrets(self, source: DataSource) -> dict[str, bool]:
        known = known_secrets_of(source)
        return {"password": bool(known.password), "token": bool(known.token)}

    @extend_schema_field({"type": "string", "enum": [state for state, _ in SOURCE_STATES]})
    def get_state(self, source: DataSource) -> str:
        return source_state(source)

    @extend_schema_field(SummarySerializer(allow_null=True))
    def get_last_evaluation(self, source: DataSource) -> Any:
        return SummarySerializer({"warnings": []} | source.recent[-1]).data if source.recent else None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known = known_secrets_of(self.instance) if self.instance else SourceSecrets()
        given: dict[str, Any] = {name: attrs.pop(name) for name in ("password", "token", "headers") if name in attrs}
        source = DataSource.objects.get(pk=self.instance.pk) if self.instance else DataSource()
        elsewhere = bool(self.instance) and attrs.get("address", source.address) != source.address
        for name, value in attrs.items():
            setattr(source, name, value)
        secrets, errors = merged_secrets(source, known, given, elsewhere)
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
        with names_are_unique():
            save_source(source, validated["secrets"], self.context["request"].user, timezone.now())
        return source
