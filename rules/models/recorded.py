"""Changes of the configuration, in the activity log: who changed what, from what to what. One mechanism for all kinds.

A `Recorded` model writes an entry when a person saves or deletes one of its rows, by whichever page or operation of the
API; a rule does with each version that has an author or a reason, bulk changes and files included. What an evaluation
or a worker writes has neither, and is no change of the configuration. Secrets are named, never written.
"""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords

from smartagent.kernel.command_line import CommandLine, actor_facts
from smartagent.kernel.sealing import SecretLost, unseal

CREATED, CHANGED, DELETED = "configuration_created", "configuration_changed", "configuration_deleted"
SECRET_NAME = re.compile(r"token|secret|password|credential|api_?key|sealed", re.IGNORECASE)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MAX_NAME, ROWS_PER_QUERY = 200, 1000
_ACTING: ContextVar[Any] = ContextVar("acting_person", default=None)
_REASON: ContextVar[str] = ContextVar("acting_reason", default="")
NOTHING: tuple[Any, ...] = (None, "", {}, [])  # no value, however a form or the API wrote it


@dataclass(frozen=True, kw_only=True)
class ConfigurationChange:
    """What was done to one object: `changes` are {field, key, label, from, to}, of a secret {field, label, secret}."""

    kind: str
    key: Any
    name: str
    owner: Any
    event: str
    changes: list[dict[str, Any]] = field(default_factory=list)
    rule: Any = None
    reason: str = ""


class Recorded(models.Model):
    """A row of the configuration, whose changes by a person are in the activity log."""

    recorded_kind: ClassVar[str]
    recorded_fields: ClassVar[tuple[str, ...]]
    recorded_secrets: ClassVar[tuple[str, ...]] = ()
    recorded_deletion: ClassVar[str] = "delete"  # the permission that undoing a creation needs

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        by = acting_person()
        if by is None:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            before = type(self)._base_manager.filter(pk=self.pk).first()
            super().save(*args, **kwargs)
            names = kwargs.get("update_fields")
            found = differences_of(before, self, recorded_names(self, names))
            if before is None or found:
                write_changes([_change(self, CHANGED if before else CREATED, found)], by, timezone.now())

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        by = acting_person()
        if by is None:
            return super().delete(*args, **kwargs)
        with transaction.atomic():
            change = _change(self, DELETED, differences_of(self, None, recorded_names(self)))
            done = super().delete(*args, **kwargs)
            write_changes([change], by, timezone.now())
        return done


class RecordedHistoryManager(HistoryManager):  # type: ignore[misc]
    """Versions of many rules at once, each with its entry."""

    def bulk_history_create(self, *args: Any, **kwargs: Any) -> Any:
        made = super().bulk_history_create(*args, **kwargs)
        _record_versions(made or [])
        return made


class RecordedHistory(HistoricalRecords):  # type: ignore[misc]
    """The versions of a rule, each with its entry."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"history_manager": RecordedHistoryManager} | options)

    def create_historical_record(self, instance: Any, history_type: str, using: Any = None) -> None:
        if history_type == "-":  # from the bin, for good: its entry is that of the deletion
            super().create_historical_record(instance, history_type, using)
            return
        with transaction.atomic():
            super().create_historical_record(instance, history_type, using)
            _record_versions([instance.history.order_by("-history_id").first()])


@contextmanager
def acting_as(person: Any, reason: str = "") -> Iterator[None]:
    """Write changes in this block as those of `person`, also outside of a request; or of a `CommandLine`."""
    token, because = _ACTING.set(person), _REASON.set(reason)
    try:
        yield
    finally:
        _ACTING.reset(token)
        _REASON.reset(because)


def acting_person() -> Any | None:
    """Who sent the request that is being answered; None outside of one, and where it only reads."""
    if person := _ACTING.get():
        return person
    request = getattr(HistoricalRecords.context, "request", None)
    user = getattr(request, "user", None)
    if request is None or request.method in SAFE_METHODS or user is None or not user.is_authenticated:
        return None
    return user


def recorded_names(record: Any, saved: Iterable[str] | None = None) -> list[str]:
    """The fields of `record` whose changes are written, of those that were saved."""
    names = [*record.recorded_fields, *record.recorded_secrets]
    return names if saved is None else [name for name in names if name in set(saved)]


def differences_of(old: Any, new: Any, names: Iterable[str]) -> list[dict[str, Any]]:
    """The differences between two rows of a model, either of which may be None; objects in JSON by key."""
    model = old if new is None else new
    found: list[dict[str, Any]] = []
    for name in names:
        column = model._meta.get_field(name)
        before, after = old and getattr(old, column.attname), new and getattr(new, column.attname)
        if before != after and not (before in NOTHING and after in NOTHING):
            found += _field_changes(column, before, after, model)
    return found


def _field_changes(column: Any, old: Any, new: Any, model: Any) -> Iterator[dict[str, Any]]:
    label, secrets = str(column.verbose_name), getattr(model, "recorded_secrets", ())
    if column.name in secrets:
        if not _is_same_secret(old, new):
            yield {"field": column.name, "label": "secrets", "secret": True}
    elif isinstance(old or {}, Mapping) and isinstance(new or {}, Mapping):
        before, after = old or {}, new or {}
        for key in sorted({*before, *after}, key=str):
            if before.get(key) != after.get(key):
                yield _shown_change(column.name, f"{label}: {key}", before.get(key), after.get(key), str(key))
    else:
        yield _shown_change(column.name, label, encoded(old), encoded(new))


def _is_same_secret(old: str | None, new: str | None) -> bool:
    """Whether both hold the same: each encryption of it is another text."""
    try:
        return (unseal(old) if old else "") == (unseal(new) if new else "")
    except SecretLost:
        return False


def _shown_change(name: str, label: str, old: Any, new: Any, key: str | None = None) -> dict[str, Any]:
    if key is not None and SECRET_NAME.search(key):
        return {"field": name, "key": key, "label": label, "secret": True}
    place = {"field": name} | ({"key": key} if key is not None else {})
    return place | {"label": label, "from": encoded(old), "to": encoded(new)}


def encoded(value: Any) -> Any:
    """`value` as JSON keeps it: numbers of columns as text without trailing zeros, times and durations by ISO 8601."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, uuid.UUID):
        return str(value)
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


# Entries by one statement for all: a parameter for each value would take longer than what is recorded.
ENTRIES_SQL = """
INSERT INTO agent_activity_log (user_id, rule_id, agent_name, event_type, action_taken, status, created_at, executed_at,
                                context)
SELECT e.owner, e.rule, %(agent)s, e.event, 'none', 'success', %(now)s, %(now)s, e.context
  FROM jsonb_to_recordset(%(entries)s) e (owner uuid, rule uuid, event text, context jsonb)"""


def write_changes(changes: Sequence[ConfigurationChange], by: Any, now: datetime) -> None:
    """Write an entry for each of `changes`, with one statement for a thousand."""
    agent = "person" if by else "smart_agent"
    person = actor_facts(by) if by else {"by_name": "A file or command"}
    for start in range(0, len(changes), ROWS_PER_QUERY):
        entries = [_entry(each, person) for each in changes[start : start + ROWS_PER_QUERY]]
        with connection.cursor() as cursor:
            given: dict[str, Any] = {"agent": agent, "now": now, "entries": Jsonb(entries)}
            cursor.execute(ENTRIES_SQL, given)


def _entry(change: ConfigurationChange, person: Mapping[str, str]) -> dict[str, Any]:
    """A row of `ENTRIES_SQL`."""
    name, key = change.name[:MAX_NAME], str(change.key)
    facts = {"kind": change.kind, "object": key, "name": name, "description": f"{change.kind} {name}"}
    reason = {"reason": change.reason} if change.reason else {}
    return {
        "owner": change.owner and str(change.owner), "rule": change.rule and str(change.rule), "event": change.event,
        "context": {**facts, "changes": change.changes, **person, **reason},
    }  # fmt: skip


def _change(record: Recorded, event: str, changes: list[dict[str, Any]]) -> ConfigurationChange:
    owner = getattr(record, "user_id", None)
    return ConfigurationChange(
        kind=record.recorded_kind, key=record.pk, name=str(record), owner=owner, event=event, changes=changes,
        reason=_REASON.get(),
    )  # fmt: skip


# The version before each of some versions.
FORMER_SQL = """
SELECT h.history_id, (SELECT max(p.history_id) FROM automation_rules_history p
                       WHERE p.id = h.id AND p.history_id < h.history_id)
  FROM automation_rules_history h WHERE h.history_id = ANY(%s)"""
UNRECORDED = ("id", "created_at", "deleted_by", "provisioned_at")


def _record_versions(versions: Sequence[Any]) -> None:
    """Write the entries of new versions of rules that have an author or a reason, or are written by a command."""
    command = acting_command() is not None
    some = [each for each in versions if each.history_user_id or each.history_change_reason or command]
    for start in range(0, len(some), ROWS_PER_QUERY):
        _record_some(some[start : start + ROWS_PER_QUERY])


def _record_some(versions: Sequence[Any]) -> None:
    history = type(versions[0])
    with connection.cursor() as cursor:
        cursor.execute(FORMER_SQL, [[each.history_id for each in versions]])
        former = dict(cursor.fetchall())
    before = history.objects.in_bulk([key for key in former.values() if key], field_name="history_id")
    by_author: dict[Any, list[ConfigurationChange]] = {}
    for each in versions:
        if change := _version_change(before.get(former.get(each.history_id)), each):
            by_author.setdefault(each.history_user_id, []).append(change)
    people = apps.get_model("smartagent", "User").objects.in_bulk([key for key in by_author if key])
    for author, changes in by_author.items():
        write_changes(changes, people.get(author) or acting_command(), versions[0].history_date)


def acting_command() -> CommandLine | None:
    """Who runs the command whose changes are written; None in others, such as workers."""
    by = _ACTING.get()
    return by if isinstance(by, CommandLine) else None


def _version_change(old: Any, new: Any) -> ConfigurationChange | None:
    """The change that made the version `new`; None where nothing differs."""
    names = [each.name for each in new.tracked_fields if each.name not in UNRECORDED]
    found = differences_of(old, new, names) if old else []
    if old and not found:
        return None
    deleted = bool(old and new.deleted_at and not old.deleted_at)
    event = DELETED if deleted else CHANGED if old else CREATED
    return ConfigurationChange(
        kind="rule", key=new.id, name=new.rule_name or "", owner=new.user_id, event=event, changes=found, rule=new.id,
        reason=new.history_change_reason or "",
    )  # fmt: skip
