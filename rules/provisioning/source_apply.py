"""Application of the data sources and queries of a plan: a statement for each kind of change, and activity entries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rules.models import ActivityEntry, DataSource, MetricQuery
from rules.models.recorded import acting_command, encoded
from rules.provisioning.source_plan import SourceItem
from rules.provisioning.source_writing import SOURCE_FILE_FIELDS
from smartagent.kernel.command_line import actor_facts

ROWS_PER_QUERY = 500
SOURCE_COLUMNS = [*SOURCE_FILE_FIELDS, "sealed", "header_names", "provisioned_by", "updated_at"]
QUERY_COLUMNS = ["source", "expression", "description", "unit", "provisioned_by", "updated_at"]
EVENT_OF_KIND = {"create": "created", "adopt": "changed", "change": "changed", "delete": "deleted"}
EVENT_NOUNS = {"data_sources": "data_source", "queries": "metric_query"}


def apply_sources(items: Sequence[SourceItem], file: str, user: Any, now: datetime) -> None:
    """Create and change the sources, then the queries. Those to delete are left: rules on them go first."""
    for section, model, columns in (
        ("data_sources", DataSource, SOURCE_COLUMNS),
        ("queries", MetricQuery, QUERY_COLUMNS),
    ):
        some = [item for item in items if item.section == section]
        created = [item.record for item in some if item.kind == "create"]
        changed = [item.record for item in some if item.kind in ("adopt", "change")]
        for record in changed:
            record.updated_at = now
        manager: Any = model._default_manager
        manager.bulk_create(created, ROWS_PER_QUERY)
        manager.bulk_update(changed, columns, ROWS_PER_QUERY)
    _log(items, file, user, now)


def delete_sources(items: Sequence[SourceItem]) -> None:
    """Delete the queries and sources that are no longer in the file."""
    gone = [item for item in items if item.kind == "delete"]
    MetricQuery.objects.filter(pk__in=[item.record.pk for item in gone if item.section == "queries"]).delete()
    DataSource.objects.filter(pk__in=[item.record.pk for item in gone if item.section == "data_sources"]).delete()


def _log(items: Sequence[SourceItem], file: str, user: Any, now: datetime) -> None:
    who = user or acting_command()
    by = actor_facts(who) | {"by_name": f"{who} (file {file})"} if who else {"by_name": f"The file {file}"}
    ActivityEntry.objects.bulk_create(
        [
            ActivityEntry(
                user=user, agent_name="person" if user else "smart_agent",
                event_type=f"{EVENT_NOUNS[item.section]}_{EVENT_OF_KIND[item.kind]}", action_taken="none",
                status=ActivityEntry.Status.SUCCESS, created_at=now, executed_at=now, context=by | _facts(item),
            )
            for item in items
            if item.kind in EVENT_OF_KIND
        ],
        ROWS_PER_QUERY,
    )  # fmt: skip


def _facts(item: SourceItem) -> dict[str, Any]:
    about = {"object": str(item.record.pk), "name": item.name}
    if item.kind == "create":
        return about
    if item.kind == "delete":
        return about | {"queries": "its queries"}
    values = [
        {"field": name, "label": name.replace("_", " "), "from": encoded(old), "to": encoded(new)}
        for name, old, new in item.changes
    ]
    changes = "; ".join(f"{name} {_shown(old)} → {_shown(new)}" for name, old, new in item.changes)
    return about | {"changes": changes or "managed by a file", "values": values}


def _shown(value: Any) -> str:
    return "default" if value is None else str(value)[:200]
