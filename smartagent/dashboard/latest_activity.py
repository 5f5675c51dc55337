"""The newest entries of an activity log, each in words and under the name of its rule."""

from rules.models import ActivityEntry
from rules.models.querysets import ActivityQuerySet
from rules.text.activity import named_entries


def latest_activity(entries: ActivityQuerySet, count: int) -> list[ActivityEntry]:
    """The newest `count` of `entries`."""
    newest = named_entries(list(entries.select_related("rule").order_by("-created_at", "-id")[:count]))
    for entry in newest:
        known = entry.context if isinstance(entry.context, dict) else {}
        entry.heading = str(entry.rule or known.get("rule_name") or entry.agent_name)  # type: ignore[attr-defined]
    return newest
