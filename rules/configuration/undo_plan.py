"""The port of undoing a change: each kind of configuration has an `Undo`, and where it is refused, a reason."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Manager, QuerySet

from rules.configuration.events import shown
from rules.models import ActivityEntry
from rules.models.recorded import encoded

NOT_ALLOWED = "You may not change this object."
KEPT_ELSEWHERE = "This kind of change is not undone here. Change the object again on its page."
GONE = "The object was deleted. Create it again with the values of the activity log."
NOT_KEPT = "Secrets are not kept, so this change cannot be undone. Enter the former secret again."
INVALID = "The former values are not valid any more: "


class CannotUndo(Exception):
    """The change cannot be undone; the message says why."""


class MayNotUndo(CannotUndo):
    """The person may not change the object."""


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change that was written: `operation` such as created, `key` of the object, `changes` value by value."""

    entry: ActivityEntry
    kind: str
    operation: str
    key: Any
    changes: list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoes a change, and what is not restored by it."""

    apply: Callable[[], Any]
    note: str = ""


class Undo:
    """How changes of one kind of configuration are undone."""

    kind: str
    # Whether the form of the kind needs a recent sign-in, and a token the scope admin.
    sensitive = False

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        """How `user` undoes the change now; CannotUndo with the reason. `lock`: nobody else changes the object."""
        raise NotImplementedError


def find_object(rows: QuerySet[Any] | Manager[Any], key: Any, user: Any, permission: str, *, lock: bool) -> Any:
    """The object that `user` may change; MayNotUndo, CannotUndo."""
    found: Any = rows.filter(pk=key)
    if key is None or not found.visible_to(user).exists():
        raise CannotUndo(GONE)
    if not user.has_perm(permission):
        raise MayNotUndo(NOT_ALLOWED)
    mine = found.changeable_by(user)
    record = (mine.select_for_update(of=("self",)) if lock else mine).first()
    if record is None:
        raise MayNotUndo(NOT_ALLOWED)
    return record


def former_values(record: Any, changes: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The values before `changes`, by attribute; CannotUndo where one is not as they left it."""
    values: dict[str, Any] = {}
    for change in changes:
        if change.get("secret"):
            raise CannotUndo(NOT_KEPT)
        column = record._meta.get_field(change["field"])
        present = getattr(record, column.attname)
        key = change.get("key")
        check_unchanged(change, (present or {}).get(key) if key is not None else present)
        if key is None:
            values[column.attname] = _decoded(column, change.get("from"))
        else:
            kept = values.get(column.attname, copy(present or {}))
            values[column.attname] = {name: value for name, value in kept.items() if name != key} | (
                {key: change["from"]} if change.get("from") is not None else {}
            )
    return values


def deleted_values(model: Any, changes: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of a row before its deletion, by attribute; CannotUndo where it had a secret."""
    values: dict[str, Any] = {}
    for change in changes:
        if change.get("secret"):
            raise CannotUndo(NOT_KEPT)
        column, key = model._meta.get_field(change["field"]), change.get("key")
        if key is None:
            values[column.attname] = _decoded(column, change.get("from"))
        else:
            values.setdefault(column.attname, {})[key] = change.get("from")
    return values


def check_unchanged(change: Mapping[str, Any], present: Any) -> None:
    """CannotUndo where `present` is not what the change left."""
    now = encoded(present)
    if now != change.get("to"):
        label = str(change.get("label", change["field"]))
        raise CannotUndo(f"{label[:1].upper()}{label[1:]} has been changed since: it is {shown(now)} now.")


def refuse_errors(errors: Mapping[str, Any]) -> None:
    """CannotUndo where the former values have errors, by field."""
    if errors:
        words = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in errors.items())
        raise CannotUndo(INVALID + words)


def refuse_other_fields(changes: list[Mapping[str, Any]], fields: set[str]) -> None:
    """CannotUndo where a field changed that does not get its former value back; or none did."""
    if not changes or {change["field"] for change in changes} - fields:
        raise CannotUndo(KEPT_ELSEWHERE)


def _decoded(column: Any, value: Any) -> Any:
    """A value of the entry as that of its column."""
    try:
        return None if value is None else column.to_python(value)
    except ValidationError as error:
        raise CannotUndo(INVALID + " ".join(error.messages)) from None
