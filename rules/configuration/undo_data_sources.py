"""Undoing changes of data sources and metric queries. Secrets stay as they are: the former ones were not kept."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from rules.configuration.undo_plan import (
    GONE,
    INVALID,
    KEPT_ELSEWHERE,
    NOT_KEPT,
    CannotUndo,
    RecordedChange,
    Undo,
    UndoPlan,
    find_object,
    former_values,
    refuse_errors,
    refuse_other_fields,
)
from rules.data_sources.changes import (
    QUERY_FIELDS,
    SOURCE_FIELDS,
    NameTaken,
    delete_query,
    delete_source,
    refusal_to_delete,
    save_query,
    save_source,
)
from rules.data_sources.connections import SourceSecrets, known_secrets_of
from rules.data_sources.validation import query_errors, source_errors
from rules.models import DataSource, MetricQuery
from smartagent.kernel.formats import counted

SECRETS_STAY = "Secrets are not restored, because the former ones were not kept."
ELSEWHERE = (
    "The former address is another server, and the stored secrets are for the present one. Change it on its page."
)


class DataSourceUndo(Undo):
    """A changed source gets its former values back, a created one is deleted while it has no queries."""

    kind, sensitive = "data source", True

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        source = _found(DataSource, change, user, lock=lock)
        if change.operation == "created":
            if count := source.queries.count():
                raise CannotUndo(f"It has {counted(count, 'query', 'queries')} by now. Delete it on its page.")
            return UndoPlan(lambda: delete_source(source, user, now))
        shown = [each for each in change.changes if not each.get("secret")]
        if change.changes and not shown:
            raise CannotUndo(NOT_KEPT)
        refuse_other_fields(shown, set(SOURCE_FIELDS))
        address, secrets = source.address, known_secrets_of(source)
        _set(source, former_values(source, shown))
        if source.address != address and secrets != SourceSecrets():
            raise CannotUndo(ELSEWHERE)
        refuse_errors(source_errors(source, secrets))
        note = SECRETS_STAY if len(shown) < len(change.changes) else ""
        return UndoPlan(lambda: _unique(lambda: save_source(source, secrets, user, now)), note)


class MetricQueryUndo(Undo):
    """A changed query gets its former values back, a created one is deleted while no rule watches it."""

    kind, sensitive = "metric query", True

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        query = _found(MetricQuery, change, user, lock=lock)
        if change.operation == "created":
            if refusal := refusal_to_delete(query):
                raise CannotUndo(refusal)
            return UndoPlan(lambda: delete_query(query, user, now))
        refuse_other_fields(change.changes, set(QUERY_FIELDS))
        _set(query, former_values(query, change.changes))
        refuse_errors(query_errors(query))
        return UndoPlan(lambda: _unique(lambda: save_query(query, user, now)))


def _found(model: Any, change: RecordedChange, user: Any, *, lock: bool) -> Any:
    if change.operation == "deleted":
        raise CannotUndo(GONE)
    if change.operation not in ("created", "changed"):
        raise CannotUndo(KEPT_ELSEWHERE)
    verb = "delete" if change.operation == "created" else "change"
    record = find_object(model.objects, change.key, user, f"rules.{verb}_{model._meta.model_name}", lock=lock)
    if record.provisioned_by:
        raise CannotUndo(f"The file {record.provisioned_by} manages this. Edit the file and apply it again.")
    return record


def _set(record: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(record, name, value)
    try:
        record.full_clean()
    except ValidationError as error:
        raise CannotUndo(INVALID + " ".join(error.messages)) from None


def _unique(save: Any) -> None:
    try:
        save()
    except NameTaken as error:
        raise CannotUndo(INVALID + str(error)) from None
