"""Creating, changing and deleting data sources and metric queries: each with an activity entry, without secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from rules.data_sources.connections import SourceSecrets, keep_secrets, known_secrets_of
from rules.data_sources.watched import watching
from rules.models import ActivityEntry, DataSource, MetricQuery
from rules.models.recorded import differences_of
from smartagent.kernel.certificates import authorities_in_words
from smartagent.kernel.formats import counted

SOURCE_FIELDS = (
    "name", "address", "verify_tls", "ca_certificate", "authentication", "username", "timeout", "person_label",
    "enabled",
)  # fmt: skip
QUERY_FIELDS = ("name", "source", "expression", "description", "unit")
MAX_NAMED, MAX_SHOWN = 5, 200  # rules in a refusal; characters of a value in the log


class NameTaken(Exception):
    """This name is already taken. Choose another one."""


class StillWatched(Exception):
    """Rules watch it; the message names some of them."""


def save_source(source: DataSource, secrets: SourceSecrets, by: Any, now: datetime) -> list[str]:
    """Store `source` with its secrets; return the changes in words, empty where nothing differs. NameTaken."""
    with _name_is_unique():
        before = DataSource.objects.select_for_update().filter(pk=source.pk).first()
        known = known_secrets_of(before) if before else SourceSecrets()
        keep_secrets(source, secrets)
        secret = list(_secret_changes(known, known_secrets_of(source)))
        changes = _changes(before, source, SOURCE_FIELDS) + secret
        if before is None:
            source.save(force_insert=True)
        elif changes:
            source.save(update_fields=[*SOURCE_FIELDS, "sealed", "header_names", "updated_at"])
        values = differences_of(before, source, SOURCE_FIELDS)
        values += [{"field": "sealed", "label": words.rpartition(" ")[0], "secret": True} for words in secret]
        _log("data_source", before is None, source, changes, values, by, now)
    return changes


def save_query(query: MetricQuery, by: Any, now: datetime) -> list[str]:
    """Store `query`; return the changes in words, empty where nothing differs. NameTaken."""
    with _name_is_unique():
        before = MetricQuery.objects.select_for_update(of=("self",)).filter(pk=query.pk).first()
        changes = _changes(before, query, QUERY_FIELDS)
        if before is None or changes:
            query.save(force_insert=before is None)
        values = [_with_names(each, before, query) for each in differences_of(before, query, QUERY_FIELDS)]
        _log("metric_query", before is None, query, changes, values, by, now)
    return changes


def delete_source(source: DataSource, by: Any, now: datetime) -> None:
    """Delete `source` with its queries; StillWatched where rules watch one of them."""
    with transaction.atomic():
        _refuse_watched(source)
        count, key = source.queries.count(), str(source.pk)
        source.delete()
        queries = counted(count, "query", "queries")
        _write("data_source_deleted", by, now, object=key, name=source.name, queries=queries)


def delete_query(query: MetricQuery, by: Any, now: datetime) -> None:
    """Delete `query`; StillWatched where rules watch it."""
    with transaction.atomic():
        _refuse_watched(query)
        key = str(query.pk)
        query.delete()
        _write("metric_query_deleted", by, now, object=key, name=query.name)


def refusal_to_delete(found: DataSource | MetricQuery) -> str:
    """The rules that keep a source or query from being deleted; empty where there are none."""
    names = list(found.queries.values_list("name", flat=True)) if isinstance(found, DataSource) else [found.name]
    rules = watching(names)
    if not (count := rules.count()):
        return ""
    some = [f"“{name}”" for name in rules.order_by("rule_name").values_list("rule_name", flat=True)[:MAX_NAMED]]
    more = f" and {count - len(some):,} more" if count > len(some) else ""
    watch = "1 rule watches" if count == 1 else f"{count:,} rules watch"
    what = "its queries" if isinstance(found, DataSource) else "this metric"
    return f"{watch} {what}: {', '.join(some)}{more}. Delete or change the rules first."


@contextmanager
def _name_is_unique() -> Iterator[None]:
    """A transaction that raises NameTaken where another request was faster; the database enforces it."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise NameTaken(NameTaken.__doc__) from error


def _refuse_watched(found: DataSource | MetricQuery) -> None:
    if refusal := refusal_to_delete(found):
        raise StillWatched(refusal)


def _log(
    noun: str, created: bool, record: Any, changes: list[str], values: list[dict[str, Any]], by: Any, now: datetime
) -> None:
    about = {"object": str(record.pk), "name": record.name}
    if created:
        _write(f"{noun}_created", by, now, **about)
    elif changes:
        _write(f"{noun}_changed", by, now, **about, changes="; ".join(changes), values=values)


def _with_names(change: dict[str, Any], before: Any, after: Any) -> dict[str, Any]:
    """A change of the source with the names of both."""
    if before is None or change["field"] != "source":
        return change
    return change | {"from_name": before.source.name, "to_name": after.source.name}


def _write(event: str, by: Any, now: datetime, **context: Any) -> None:
    ActivityEntry.objects.create(
        user=by, agent_name="person", event_type=event, action_taken="none", status="success", created_at=now,
        executed_at=now, context={"by": str(by.pk), "by_name": str(by)} | context,
    )  # fmt: skip


def _changes(before: Any, after: Any, fields: tuple[str, ...]) -> list[str]:
    if before is None:
        return []
    return [
        f"{after._meta.get_field(name).verbose_name} {_shown(before, name)} → {_shown(after, name)}"
        for name in fields
        if getattr(before, name) != getattr(after, name)
    ]


def _shown(record: Any, name: str) -> str:
    value = getattr(record, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = authorities_in_words(value) if name == "ca_certificate" else str(value)
    return (text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…") or "none"


def _secret_changes(before: SourceSecrets, after: SourceSecrets) -> Iterator[str]:
    for name in ("password", "token"):
        if getattr(before, name) != getattr(after, name):
            yield f"{name} {'changed' if getattr(after, name) else 'removed'}"
    for name in sorted(before.headers.keys() | after.headers.keys()):
        if before.headers.get(name) != after.headers.get(name):
            yield f"header {name} {'changed' if name in after.headers else 'removed'}"
