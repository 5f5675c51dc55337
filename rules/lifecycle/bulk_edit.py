"""Bulk edit of rules: only the chosen fields, after a preview by the same code.

Rules that were changed since the preview, that are provisioned from a file, or that would become invalid are left
unchanged and listed.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from rules.authoring.fields import RULE_FIELDS, names
from rules.authoring.validation import Errors, checked_fields, validate
from rules.lifecycle.status import begin_anew, publishes
from rules.lifecycle.versions import Difference, differences
from rules.models import AutomationRule
from rules.models.querysets import RuleQuerySet
from rules.permissions import lock_of

EDITABLE = names(field for field in RULE_FIELDS if field.bulk)
EDITED_RULES_PER_QUERY = 1000
BULK_EDIT_REASON = "bulk edit"
SIXTH, HUGE = Decimal("0.000001"), Decimal(10**15)
STALE = "The rule was changed in the meantime. Review it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The changes: new values of `EDITABLE` fields by name, a change of the threshold in percent, labels to set and
    names of labels to remove."""

    values: Mapping[str, Any] = field(default_factory=dict)
    percent: Decimal | None = None
    put: Mapping[str, str] = field(default_factory=dict)
    taken: tuple[str, ...] = ()

    @property
    def fields(self) -> list[str]:
        """The names of the fields that are written."""
        names = [*self.values, *(["threshold_value"] if self.percent is not None else [])]
        return [*names, *(["labels"] if self.put or self.taken else [])]


@dataclass(frozen=True, slots=True)
class Edited:
    """The result of an edit for one rule; `refused` has the errors by field."""

    before: AutomationRule
    after: AutomationRule
    changes: list[Difference]
    refused: Errors


def edited(rules: Iterable[AutomationRule], edit: Edit) -> Iterator[Edited]:
    """The result of `edit` for each of `rules`; nothing is stored."""
    for rule in rules:
        after = _with(rule, edit)
        changes = differences(rule, after)
        yield Edited(rule, after, changes, _refusal(rule, after, edit) if changes else {})


@transaction.atomic
def edit_together(
    rules: RuleQuerySet, edit: Edit, user: Any, now: datetime, seen: datetime | None = None
) -> list[Edited]:
    """Apply `edit` to `rules`, each with a new version, and return the results.

    Rules that were changed after `seen` are left unchanged.
    """
    ids, done = list(rules.order_by("pk").values_list("pk", flat=True)), []
    for first in range(0, len(ids), EDITED_RULES_PER_QUERY):
        found = AutomationRule.objects.filter(pk__in=ids[first : first + EDITED_RULES_PER_QUERY]).order_by("pk")
        some = [_unless_stale(one, seen) for one in edited(found.select_for_update(of=("self",)), edit)]
        _write([one for one in some if one.changes and not one.refused], edit, user, now)
        done += some
    return sorted(done, key=lambda one: one.before.rule_name)


def _write(some: list[Edited], edit: Edit, user: Any, now: datetime) -> None:
    rules = [one.after for one in some]
    # What is the same everywhere is one statement; only what differs from rule to rule is written one by one.
    AutomationRule.objects.filter(pk__in=[rule.pk for rule in rules]).update(**edit.values, updated_at=now)
    if differing := [name for name in edit.fields if name not in edit.values]:
        AutomationRule.objects.bulk_update(rules, differing, EDITED_RULES_PER_QUERY)
    begin_anew(one.after for one in some if publishes(one.before.status, one.after.status))
    AutomationRule.history.bulk_history_create(
        rules,
        EDITED_RULES_PER_QUERY,
        update=True,
        default_user=user,
        default_change_reason=BULK_EDIT_REASON,
        default_date=now,
    )


def _unless_stale(one: Edited, seen: datetime | None) -> Edited:
    fresh = seen is None or one.before.updated_at is None or one.before.updated_at <= seen
    return one if fresh else Edited(one.before, one.after, one.changes, {"rule": [STALE]})


def _with(rule: AutomationRule, edit: Edit) -> AutomationRule:
    after = copy(rule)
    for name, value in edit.values.items():
        setattr(after, name, value)
    if edit.percent is not None:
        after.threshold_value = _changed(rule.threshold_value, edit.percent)
    if edit.put or edit.taken:
        old = rule.labels if isinstance(rule.labels, dict) else {}
        after.labels = {name: value for name, value in old.items() if name not in edit.taken} | dict(edit.put)
    return after


def _changed(threshold: Any, percent: Decimal) -> Decimal:
    """The threshold changed by `percent`, rounded to six decimals unless it is huge."""
    found = Decimal(str(threshold)) * (100 + percent) / 100
    return found.quantize(SIXTH).normalize() if abs(found) < HUGE else found


def _refusal(rule: AutomationRule, after: AutomationRule, edit: Edit) -> Errors:
    if set(edit.fields) != {"status"} and (lock := lock_of(rule)):  # also those may be paused
        return {"rule": [lock]}
    before = checked_fields(rule)
    errors = validate(checked_fields(after), before)
    if not errors:
        return {}
    old = validate(before, before)  # errors that existed before do not refuse this edit
    return {name: messages for name, messages in errors.items() if old.get(name) != messages}
