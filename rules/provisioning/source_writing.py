"""Writing of data sources and metric queries for a file, without secrets and defaults."""

from collections.abc import Iterable, Mapping
from typing import Any

from rules.models import DataSource, MetricQuery

SOURCE_FILE_FIELDS = (
    "address", "verify_tls", "ca_certificate", "authentication", "username", "timeout", "person_label", "enabled",
)  # fmt: skip
QUERY_FILE_FIELDS = ("data_source", "expression", "description", "unit")
Provisioned = DataSource | MetricQuery


def written_source(found: Provisioned) -> dict[str, Any]:
    """Return its fields as in a file, without its name and defaults."""
    values: dict[str, Any]
    if isinstance(found, DataSource):
        values = {name: getattr(found, name) for name in SOURCE_FILE_FIELDS}
    else:
        values = {"data_source": found.source.name} | {name: getattr(found, name) for name in QUERY_FILE_FIELDS[1:]}
    return {name: value for name, value in values.items() if not _is_default(found, name, value)}


def sections_of(sources: Iterable[DataSource], queries: Iterable[MetricQuery]) -> Mapping[str, list[dict[str, Any]]]:
    """Return the sections of a file, each where it has entries; `queries` with their sources loaded."""
    found = {"data_sources": _entries(sources), "queries": _entries(queries)}
    return {section: entries for section, entries in found.items() if entries}


def _entries(records: Iterable[Provisioned]) -> list[dict[str, Any]]:
    return [{"name": each.name} | written_source(each) for each in sorted(records, key=lambda each: each.name)]


def _is_default(found: Provisioned, name: str, value: Any) -> bool:
    if name in ("address", "data_source", "expression"):
        return False
    column: Any = type(found)._meta.get_field(name)
    return bool(value == column.get_default())
