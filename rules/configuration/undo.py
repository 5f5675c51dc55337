"""Undoing a change of the configuration: a new change, which gives the changed fields their former values.

It is refused where the object is gone, was changed since, or may not be changed by the person; with the reason.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rules.configuration.listing import kind_of, values_of
from rules.configuration.undo_plan import CannotUndo, RecordedChange, UndoPlan
from rules.configuration.undo_records import RecordUndo
from rules.models import ActivityEntry
from rules.registries import undos
from smartagent.kernel.coerce import as_uuid


def preview(entry: ActivityEntry, user: Any) -> tuple[str, str]:
    """Why `user` cannot undo the change now, empty where they can; and what would not be restored."""
    try:
        return "", _planned(entry, user, timezone.now(), lock=False).note
    except CannotUndo as reason:
        return str(reason), ""


@transaction.atomic
def undo(entry: ActivityEntry, user: Any, now: datetime) -> str:
    """Undo the change, as a new one of `user`, and return what was not restored; CannotUndo with the reason."""
    plan = _planned(entry, user, now, lock=True)
    plan.apply()
    return plan.note


def is_sensitive(entry: ActivityEntry) -> bool:
    """Whether undoing the change needs a recent sign-in, and of a token the scope admin."""
    found = undos.find(kind_of(entry))
    return found is not None and found.sensitive


def _planned(entry: ActivityEntry, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
    facts = entry.context if isinstance(entry.context, dict) else {}
    kind, operation = kind_of(entry), entry.event_type.rpartition("_")[2]
    change = RecordedChange(entry, kind, operation, as_uuid(str(facts.get("object"))), values_of(entry))
    return (undos.find(kind) or RecordUndo()).plan(change, user, now, lock=lock)
