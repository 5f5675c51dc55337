"""The columns of an exported entry."""

from collections.abc import Sequence

# By name, what it holds. The order is that of the file.
EXPORT_COLUMNS = {
    "time": "ISO 8601, in your time zone",
    "event": "event type",
    "event_label": "name of the event",
    "description": "the entry as a sentence",
    "rule": "name of the rule",
    "person": "whom the entry is about",
    "owner": "owner of the rule",
    "target": "integration, or labels of the series",
    "metric": "metric",
    "value": "reading, or the aggregation of readings that the rule compares",
    "operator": "operator of the condition",
    "threshold": "threshold at that time",
    "severity": "severity",
    "result": "result of the action",
    "status": "status of the entry",
    "error": "error",
    "id": "ID of the entry",
    "rule_id": "ID of the rule",
    "person_id": "ID of the person",
    "owner_id": "ID of the owner",
    "instance_id": "ID of the instance",
    "episode": "number of the episode of the instance",
    "run_id": "ID of the run",
}
MAX_NAME = 40  # characters of an unknown column that are repeated


def chosen_columns(text: str | None) -> Sequence[str]:
    """The columns that a comma-separated list names, in its order; all for None; ValueError for unknown ones."""
    if text is None:
        return tuple(EXPORT_COLUMNS)
    names = [name.strip() for name in text.split(",")]
    unknown = sorted({name for name in names if name not in EXPORT_COLUMNS})
    if unknown:
        shown = ", ".join(f"“{name[:MAX_NAME]}”" for name in unknown[:3])
        raise ValueError(f"Unknown columns: {shown}. Valid columns: {', '.join(EXPORT_COLUMNS)}.")
    if len(set(names)) < len(names):
        raise ValueError("Name each column once.")
    return names
