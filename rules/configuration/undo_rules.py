"""Undoing changes of rules: as a new version, and by the recycle bin."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rules.authoring.fields import RULE_FIELDS
from rules.authoring.rule_limit import rule_limit_problem
from rules.authoring.validation import checked_fields, validate
from rules.configuration.undo_plan import (
    KEPT_ELSEWHERE,
    NOT_ALLOWED,
    CannotUndo,
    MayNotUndo,
    RecordedChange,
    Undo,
    UndoPlan,
    find_object,
    former_values,
    refuse_errors,
    refuse_other_fields,
)
from rules.lifecycle.recycle_bin import delete, undelete
from rules.models import AutomationRule
from rules.permissions import lock_of, rule_errors

BIN = "Whether a rule is in the recycle bin is not undone here. Delete or restore it on its page."
DRAFT = "A published rule does not become a draft again."
NOT_IN_BIN = "The rule is not in the recycle bin any more."


class RuleUndo(Undo):
    """A changed rule gets its former values back, a deleted one comes back paused, a created one goes to the bin."""

    kind = "rule"

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        if change.operation == "deleted":
            return _restored(change, user, now)
        verb = "delete" if change.operation == "created" else "change"
        rule = find_object(AutomationRule.objects, change.key, user, f"rules.{verb}_automationrule", lock=lock)
        if reason := lock_of(rule):
            raise CannotUndo(reason)
        if change.operation == "created":
            mine = AutomationRule.objects.changeable_by(user).filter(pk=rule.pk)
            return UndoPlan(lambda: delete(mine, user, now, _reason("creation", change)))
        if change.operation != "changed":
            raise CannotUndo(KEPT_ELSEWHERE)
        _check(change.changes)
        for name, value in former_values(rule, change.changes).items():
            setattr(rule, name, value)
        fields = checked_fields(rule)
        refuse_errors(validate(fields, fields) | rule_errors(user, rule))
        return UndoPlan(lambda: _save(rule, user, change))


def _restored(change: RecordedChange, user: Any, now: datetime) -> UndoPlan:
    binned = AutomationRule.binned.filter(pk=change.key)
    if not binned.exists():
        raise CannotUndo(NOT_IN_BIN)
    mine = binned.changeable_by(user)
    if not user.has_perm("rules.change_automationrule") or not mine.exists():
        raise MayNotUndo(NOT_ALLOWED)
    if problem := rule_limit_problem(mine.get().user):
        raise CannotUndo(problem)

    def restore() -> None:
        if not undelete(mine, user, now):
            raise CannotUndo(NOT_IN_BIN)

    return UndoPlan(restore)


def _check(changes: list[Mapping[str, Any]]) -> None:
    fields = {change["field"]: change for change in changes}
    if "deleted_at" in fields:
        raise CannotUndo(BIN)
    if "draft" in (fields.get("status") or {}).values():
        raise CannotUndo(DRAFT)
    refuse_other_fields(changes, {field.name for field in RULE_FIELDS if field.versioned} | {"status"})


def _save(rule: AutomationRule, user: Any, change: RecordedChange) -> None:
    rule._history_user = user  # type: ignore[attr-defined]
    rule._change_reason = _reason("change", change)  # type: ignore[attr-defined]
    rule.save(update_fields=[*sorted({each["field"] for each in change.changes}), "updated_at"])


def _reason(what: str, change: RecordedChange) -> str:
    return f"undone: {what} of {change.entry.created_at:%Y-%m-%d %H:%M} UTC"
