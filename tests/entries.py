"""Entries of the activity log that a test makes other than they were: the log itself refuses that."""

from typing import Any

from rules.models.audit import entries_may_change


def change_entries(entries: Any, **values: Any) -> None:
    """Change the entries of a queryset."""
    with entries_may_change("test"):
        entries.update(**values)


def delete_entries(entries: Any) -> None:
    """Delete the entries of a queryset."""
    with entries_may_change("test"):
        entries.delete()
