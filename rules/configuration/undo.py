"""Undoing a change of the configuration: a new change, which gives the changed fields their former values.

It is refused where the object is gone, was changed since, or may not be changed by the person; with the reason.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from rules.authoring.fields import RULE_FIELDS
from rules.authoring.validation import checked_fields, validate
from rules.configuration.events import shown
from rules.configuration.listing import models_by_kind
from rules.lifecycle.recycle_bin import undelete
from rules.models import ActivityEntry, AutomationRule
from rules.models.recorded import CHANGED, CREATED, DELETED, acting_as, encoded
from rules.permissions import lock_of, rule_errors
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import has_everyone

NOT_ALLOWED = "You may not change this object, or it has been deleted since."
KEPT_ELSEWHERE = "This kind of change is not undone here. Change the object again on its page."
CREATION = "A creation is not undone here. Delete the object on its page."
GONE = "The object was deleted. Create it again with the values of the activity log."
NOT_KEPT = "Secrets are not kept, so this change cannot be undone. Enter the former secret again."
BIN = "Whether a rule is in the recycle bin is not undone here. Delete or restore it on its page."
DRAFT = "A published rule does not become a draft again."
INVALID = "The former values are not valid any more: "
NOT_IN_BIN = "The rule is not in the recycle bin any more."
SILENCE = "A silence takes effect at once, so its changes are not undone. Change it on its page, or create another."


class CannotUndo(Exception):
    """The change cannot be undone; the message says why."""


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """The object and the values that it gets back, by attribute."""

    record: Any
    values: Mapping[str, Any]


def obstacle(entry: ActivityEntry, user: Any) -> str:
    """Why `user` cannot undo the change now; empty where they can."""
    try:
        if entry.event_type == DELETED:
            _deleted_rule(entry, user)
        else:
            _planned(entry, user)
    except CannotUndo as reason:
        return str(reason)
    return ""


@transaction.atomic
def undo(entry: ActivityEntry, user: Any, now: datetime) -> None:
    """Undo the change, as a new one of `user`; CannotUndo with the reason."""
    if entry.event_type == DELETED:
        if not undelete(_deleted_rule(entry, user), user, now):
            raise CannotUndo(NOT_IN_BIN)
        return
    plan = _planned(entry, user, lambda rows: rows.select_for_update(of=("self",)))
    for name, value in plan.values.items():
        setattr(plan.record, name, value)
    if isinstance(plan.record, AutomationRule):
        _save_rule(plan.record, user, entry)
        return
    try:
        plan.record.full_clean()
    except ValidationError as error:
        raise CannotUndo(INVALID + " ".join(error.messages)) from None
    with acting_as(user):
        plan.record.save()


def _planned(entry: ActivityEntry, user: Any, locked: Callable[[Any], Any] = lambda rows: rows) -> UndoPlan:
    facts = entry.context if isinstance(entry.context, dict) else {}
    model, key, changes = (
        models_by_kind().get(str(facts.get("kind"))),
        as_uuid(str(facts.get("object"))),
        _changes(facts),
    )
    if model is None or key is None or entry.event_type not in (CREATED, CHANGED):
        raise CannotUndo(KEPT_ELSEWHERE)
    if entry.event_type == CREATED:
        raise CannotUndo(CREATION)
    if facts["kind"] == "silence":
        raise CannotUndo(SILENCE)
    record = locked(model.objects.changeable_by(user)).filter(pk=key).first()
    if record is None or not user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}"):
        raise CannotUndo(NOT_ALLOWED)
    if isinstance(record, AutomationRule):
        _check_rule(record, changes)
    if {change["field"] for change in changes} - _undoable_fields(record, user):
        raise CannotUndo(KEPT_ELSEWHERE)
    return UndoPlan(record, _former(record, changes))


def _changes(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The changes of an entry that are whole: other programs may have written anything there."""
    given = facts.get("changes")
    return [
        change
        for change in (given if isinstance(given, list) else [])
        if isinstance(change, Mapping) and isinstance(change.get("field"), str)
    ]


def _undoable_fields(record: Any, user: Any) -> set[str]:
    """The fields that get former values back: those that pages write, and the owner only by who may choose one."""
    if isinstance(record, AutomationRule):
        return {field.name for field in RULE_FIELDS if field.versioned} | {"status"}
    fields = {*record.recorded_fields, *record.recorded_secrets}
    return fields if has_everyone(user, "change") else fields - {"user"}


def _former(record: Any, changes: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The values before `changes`, by attribute; CannotUndo where one is not as they left it."""
    values: dict[str, Any] = {}
    for change in changes:
        if change.get("secret"):
            raise CannotUndo(NOT_KEPT)
        column = record._meta.get_field(change["field"])
        present = getattr(record, column.attname)
        key = change.get("key")
        now = encoded((present or {}).get(key) if key is not None else present)
        if now != change.get("to"):
            raise CannotUndo(
                f"{str(change.get('label', column.name)).capitalize()} has been changed since: it is {shown(now)} now."
            )
        if key is None:
            values[column.attname] = _decoded(column, change.get("from"))
        else:
            kept = values.get(column.attname, copy(present or {}))
            values[column.attname] = {name: value for name, value in kept.items() if name != key} | (
                {key: change["from"]} if change.get("from") is not None else {}
            )
    return values


def _decoded(column: Any, value: Any) -> Any:
    """A value of the entry as that of its column."""
    try:
        return None if value is None else column.to_python(value)
    except ValidationError as error:
        raise CannotUndo(INVALID + " ".join(error.messages)) from None


def _deleted_rule(entry: ActivityEntry, user: Any) -> Any:
    facts = entry.context if isinstance(entry.context, dict) else {}
    if facts.get("kind") != "rule":
        raise CannotUndo(GONE)
    found = AutomationRule.binned.changeable_by(user).filter(pk=as_uuid(str(facts.get("object"))))
    if not user.has_perm("rules.change_automationrule") or not found.exists():
        raise CannotUndo(NOT_IN_BIN)
    return found


def _check_rule(rule: AutomationRule, changes: list[Mapping[str, Any]]) -> None:
    fields = {change["field"]: change for change in changes}
    if lock := lock_of(rule):
        raise CannotUndo(lock)
    if "deleted_at" in fields:
        raise CannotUndo(BIN)
    if "draft" in (fields.get("status") or {}).values():
        raise CannotUndo(DRAFT)


def _save_rule(rule: AutomationRule, user: Any, entry: ActivityEntry) -> None:
    fields = checked_fields(rule)
    if errors := validate(fields, fields) | rule_errors(user, rule):
        words = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in errors.items())
        raise CannotUndo(INVALID + words)
    rule._history_user = user  # type: ignore[attr-defined]
    rule._change_reason = f"undone: change of {entry.created_at:%Y-%m-%d %H:%M} UTC"  # type: ignore[attr-defined]
    changed = sorted({change["field"] for change in _changes(entry.context)})
    rule.save(update_fields=[*changed, "updated_at"])
