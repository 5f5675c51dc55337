"""Data sources and queries for tests."""

from typing import Any

from rules.data_sources.connections import SourceSecrets, keep_secrets
from rules.models import DataSource, MetricQuery


def source_at(address: str, secrets: SourceSecrets | None = None, **fields: Any) -> DataSource:
    """A source named prom, with its secrets."""
    source = DataSource(**{"name": "prom", "address": address, "timeout": 5} | fields)
    keep_secrets(source, secrets or SourceSecrets())
    source.save()
    return source


def query_of(source: DataSource, name: str, expression: str) -> MetricQuery:
    return MetricQuery.objects.create(source=source, name=name, expression=expression)
