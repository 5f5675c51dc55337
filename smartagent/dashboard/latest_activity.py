"""The newest entries of an activity log, each in words and under the name of its rule, or of who acted."""

from rules.models import ActivityEntry
from rules.models.querysets import ActivityQuerySet
from rules.text.activity import named_entries

# As an agent that writes the log is called; other programs keep the name under which they write.
OWN_NAMES = {"smart_agent": "Smart Agent", "optimizer": "Optimizer", "ingest": "Ingestion", "person": "Person"}


def latest_activity(entries: ActivityQuerySet, count: int) -> list[ActivityEntry]:
    """The newest `count` of `entries`."""
    newest = named_entries(list(entries.select_related("rule", "user").order_by("-created_at", "-id")[:count]))
    for entry in newest:
        entry.heading = _heading(entry)  # type: ignore[attr-defined]
    return newest


def _heading(entry: ActivityEntry) -> str:
    known = entry.context if isinstance(entry.context, dict) else {}
    by = entry.user if entry.agent_name == "person" else None
    return str(entry.rule or known.get("rule_name") or by or OWN_NAMES.get(entry.agent_name, entry.agent_name))
