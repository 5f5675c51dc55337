"""Metric queries as JSON."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rules.api.data_source_serializers import names_are_unique
from rules.data_sources.changes import save_query
from rules.data_sources.status import query_in_words
from rules.data_sources.validation import MAX_EXPRESSION, query_errors
from rules.ingest.samples import METRIC_NAME
from rules.models import DataSource, MetricQuery
from smartagent.kernel.coerce import as_uuid
from smartagent.rest.fields import keepable
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer


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


class MetricQuerySerializer(RowMixin, StrictModelSerializer):
    """A metric that a data source computes at each evaluation."""

    source = SourceField(  # type: ignore[assignment]
        help_text="Name of the data source; on write also its ID."
    )

    class Meta:
        model = MetricQuery
        resource, page, sentence = "metric-queries", "admin:rules_metricquery_page", query_in_words
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
        with names_are_unique():
            save_query(query, self.context["request"].user, timezone.now())
        return query
