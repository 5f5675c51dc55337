"""The versions of a rule: numbered from 1, compared, and restored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from rules.authoring.fields import RULE_FIELDS
from rules.authoring.validation import checked_fields, validate
from rules.models import AutomationRule
from rules.text.phrases import number
from smartagent.kernel.durations import format_duration

# Kept as they were then, so kept again.
UNCHECKED_FIELDS = ("action_type", "action_config", "description", "runbook_url", "target_integration")
MAX_VERSIONS = 200  # of a rule, in one answer or on one page
NO_VALUE: tuple[Any, ...] = (None, "", {}, [])  # no value, however the form or the API wrote it
HISTORY_TYPE_NAMES = {"+": "created", "~": "changed", "-": "deleted"}


class NotSound(Exception):
    """The old version is not valid any more."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(messages)}" for name, messages in errors.items()))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs between two versions, in readable form."""

    field: str
    name: str
    old: str
    new: str


def numbered(rule: AutomationRule, maximum: int | None = None) -> list[tuple[int, Any]]:
    """The versions of `rule` with their numbers, newest first; at most `maximum`."""
    count = rule.history.count()
    records = rule.history.select_related("history_user").order_by("-history_id")[:maximum]
    return [(count - place, record) for place, record in enumerate(records)]


def version_of(rule: AutomationRule, version: int) -> Any | None:
    """The version with that number; None where there is none."""
    if version < 1:
        return None
    return next(iter(rule.history.order_by("history_id")[version - 1 : version]), None)


def as_it_was(rule: AutomationRule, at: datetime) -> tuple[AutomationRule, int]:
    """The rule at the time `at`, and its version number; the present rule and 0 where its history begins later."""
    return _newest(rule, rule.history.filter(history_date__lte=at).order_by("-history_date", "-history_id"))


def made_at(rule: AutomationRule) -> datetime | None:
    """The creation time of `rule` by its history; None where that begins later, as with rules of another program."""
    first = rule.history.order_by("history_date", "history_id").values_list("history_type", "history_date").first()
    return first[1] if first and first[0] == "+" else None


def as_recorded(rule: AutomationRule, history_id: int) -> tuple[AutomationRule, int]:
    """The rule as of the history record `history_id`, and its version number; the present rule and 0 where there is
    none."""
    return _newest(rule, rule.history.filter(history_id__lte=history_id).order_by("-history_id"))


def _newest(rule: AutomationRule, records: Any) -> tuple[AutomationRule, int]:
    record = records.first()
    if record is None:
        return rule, 0
    names = [field.attname for field in AutomationRule._meta.concrete_fields]
    kept = {name: getattr(record, name) for name in names if hasattr(record, name)}
    return AutomationRule(**{name: getattr(rule, name) for name in names} | kept), records.count()


def differences(old: Any, new: Any) -> list[Difference]:
    """The differences between two records, by field; objects by key."""
    found = []
    for field in AutomationRule._meta.concrete_fields:
        if not hasattr(old, field.attname) or not hasattr(new, field.attname) or field.name == "updated_at":
            continue
        before, after = getattr(old, field.attname), getattr(new, field.attname)
        if before == after or (before in NO_VALUE and after in NO_VALUE):
            continue
        name = str(field.verbose_name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += [
                Difference(field.name, f"{name}: {key}", shown(field, before.get(key)), shown(field, after.get(key)))
                for key in sorted({*before, *after})
                if before.get(key) != after.get(key)
            ]
        else:
            found.append(Difference(field.name, name, shown(field, before), shown(field, after)))
    return found


@transaction.atomic
def restore(rule: AutomationRule, version: int, user: Any, now: datetime) -> bool:
    """Restore `rule` to that version, as a new version; False where nothing differs.

    Status, owner and identity stay. NotSound where it would not be valid today; LookupError where there is no such
    version.
    """
    record = version_of(rule, version)
    if record is None:
        raise LookupError(f"This rule has no version {version}.")
    rule = AutomationRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    names = [field.column for field in RULE_FIELDS if field.versioned]
    changed = [field for field in names if getattr(rule, field.attname) != getattr(record, field.attname)]
    if not changed:
        return False
    for field in changed:
        setattr(rule, field.attname, getattr(record, field.attname))
    fields = checked_fields(rule)
    if errors := validate(fields, {name: fields[name] for name in UNCHECKED_FIELDS}):
        raise NotSound(errors)
    rule._history_user = user  # type: ignore[attr-defined]
    rule._change_reason = f"restored from version {version}"  # type: ignore[attr-defined]
    rule.save(update_fields=[*(field.name for field in changed), "updated_at"])
    return True


def shown(field: Any, value: Any) -> str:
    """A value in readable form."""
    if value in NO_VALUE:
        return "nothing"
    if field.name.endswith("threshold") or field.name == "threshold_value":
        return number(value)
    if hasattr(value, "total_seconds"):
        return format_duration(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return str(dict(field.flatchoices).get(value, value)) if isinstance(value, str) else str(value)
