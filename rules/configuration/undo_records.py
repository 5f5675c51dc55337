"""Undoing changes of `Recorded` models, such as channels and escalation policies."""

from collections.abc import Iterator
from copy import copy
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.db.models.deletion import Collector

from rules.authoring.credential_addresses import changed_addresses
from rules.configuration.listing import models_by_kind
from rules.configuration.undo_plan import (
    GONE,
    INVALID,
    KEPT_ELSEWHERE,
    NOT_ALLOWED,
    CannotUndo,
    MayNotUndo,
    RecordedChange,
    Undo,
    UndoPlan,
    deleted_values,
    find_object,
    former_values,
    refuse_other_fields,
)
from rules.models.recorded import acting_as
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.scope import has_everyone

IN_USE = "Other objects refer to it ({}), so it is not deleted here. Delete it on its page."
BACK = "The object is there again."
MISDIRECTED = "A stored secret would go to the former address. Change it on the page, and enter the secret again."


class RecordUndo(Undo):
    """A changed object gets its former values back, a deleted one without secrets comes back, and a created one is
    deleted where nothing refers to it."""

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        model = models_by_kind().get(change.kind)
        if model is None or change.operation not in ("created", "changed", "deleted"):
            raise CannotUndo(KEPT_ELSEWHERE)
        if change.operation == "deleted":
            return _restored(model, change, user)
        verb = "change" if change.operation == "changed" else model.recorded_deletion
        permission = f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
        record = find_object(model.objects, change.key, user, permission, lock=lock)
        if change.operation == "created":
            refuse_in_use(record)
            return UndoPlan(lambda: _as(user, record.delete))
        fields = {*record.recorded_fields, *record.recorded_secrets}
        refuse_other_fields(change.changes, fields if has_everyone(user, "change") else fields - {"user"})
        present = copy(record)
        for name, value in former_values(record, change.changes).items():
            setattr(record, name, value)
        if self.misdirects(present, record):
            raise CannotUndo(MISDIRECTED)
        try:
            record.full_clean()
        except ValidationError as error:
            raise CannotUndo(INVALID + " ".join(error.messages)) from None
        return UndoPlan(lambda: _as(user, record.save))

    def misdirects(self, present: Any, former: Any) -> bool:
        """Whether stored secrets would go to another address, for which nobody entered them."""
        return False


def _restored(model: Any, change: RecordedChange, user: Any) -> UndoPlan:
    """A deleted row comes back with its key, for those who may create one: for themselves, or for anybody."""
    if "user" not in model.recorded_fields or change.key is None:
        raise CannotUndo(GONE)
    refuse_other_fields(change.changes, {*model.recorded_fields, *model.recorded_secrets})
    record = model(pk=change.key, **deleted_values(model, change.changes))
    its_own = record.user_id == user.pk
    if not user.has_perm(f"{model._meta.app_label}.add_{model._meta.model_name}") or not (
        its_own or has_everyone(user, "change")
    ):
        raise MayNotUndo(NOT_ALLOWED)
    with as_owner():
        if model._base_manager.filter(pk=change.key).exists():
            raise CannotUndo(BACK)
    try:
        record.full_clean()
    except ValidationError as error:
        raise CannotUndo(INVALID + " ".join(error.messages)) from None
    return UndoPlan(lambda: _as(user, lambda: record.save(force_insert=True)))


class IntegrationUndo(RecordUndo):
    """Credentials go to the addresses of the settings."""

    kind = "integration"

    def misdirects(self, present: Any, former: Any) -> bool:
        return bool(present.credentials_encrypted and changed_addresses(present.config, former.config))


def refuse_in_use(record: Any) -> None:
    """CannotUndo where rows of other tables would be deleted or changed with `record`."""
    if names := sorted(set(_dependants(record))):
        raise CannotUndo(IN_USE.format(", ".join(names)))


def _dependants(record: Any) -> Iterator[str]:
    collector = Collector(using=record._state.db, origin=record)
    try:
        collector.collect([record])
    except ProtectedError as error:
        yield from (str(each._meta.verbose_name_plural) for each in error.protected_objects)
        return
    for rows in collector.fast_deletes:
        if rows.model is not type(record) and rows.exists():
            yield str(rows.model._meta.verbose_name_plural)
    yield from (str(model._meta.verbose_name_plural) for model in collector.data if model is not type(record))
    for (field, _), found in collector.field_updates.items():
        if any(rows.exists() if hasattr(rows, "exists") else rows for rows in found):
            yield str(field.model._meta.verbose_name_plural)


def _as(user: Any, act: Any) -> None:
    with acting_as(user):
        act()
