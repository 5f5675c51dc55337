"""The lifecycle of a silence: create, change, end early, restore, extend. Permissions are in `validation`."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from rules.models import Silence
from rules.models.querysets import SilenceQuerySet
from rules.models.recorded import CHANGED, ConfigurationChange, acting_as, encoded, write_changes
from rules.silences.end_report import report_windows
from rules.silences.windows import upcoming

CREATED_FIELDS = [
    "user", "comment", "rule", "metric", "person", "labels", "starts_at", "ends_at", "recurrence", "duration",
    "time_zone",
]  # fmt: skip


def make(silence: Silence, maker: Any, now: datetime) -> Silence:
    """Store a new silence. Windows before `now` are not reported."""
    silence.created_by, silence.reported_at = maker, now
    silence.save(force_insert=True)
    return silence


def revise(silence: Silence, now: datetime) -> bool:
    """Store the changes to `silence`; return whether it still existed.

    Windows that ended before `now` are reported first, with the silence as it was: the new schedule may have others.
    """
    with transaction.atomic():
        before = Silence.objects.select_for_update(of=("self",)).filter(pk=silence.pk).first()
        if before is None or is_over(before, now):
            return False
        report_windows(before, None, now)
        silence.reported_at = now
        silence.save(update_fields=[*CREATED_FIELDS, "reported_at"])
    return True


def restore(silence: Silence, by: Any, now: datetime) -> None:
    """Store the former values of `silence`, also of one that was ended early, as a change of `by`."""
    with transaction.atomic():
        report_windows(Silence.objects.select_for_update(of=("self",)).get(pk=silence.pk), None, now)
        silence.reported_at, silence.cancelled_by = now, None
        with acting_as(by):
            silence.save(update_fields=[*CREATED_FIELDS, "cancelled_at", "cancelled_by", "reported_at"])


def end(silences: SilenceQuerySet, user: Any, now: datetime) -> int:
    """End `silences` at `now`, including those that have not begun; return how many were not over."""
    with transaction.atomic():
        found = list(silences.standing(now).filter(cancelled_at=None).select_for_update(of=("self",)))
        ended = Silence.objects.filter(pk__in=[each.pk for each in found])
        count = ended.update(cancelled_at=now, cancelled_by=user)
        write_changes([_ending(each, now) for each in found], user, now)
    return count


def _ending(silence: Silence, now: datetime) -> ConfigurationChange:
    change = {"field": "cancelled_at", "label": "ended early", "from": None, "to": encoded(now)}
    return ConfigurationChange(
        kind=silence.recorded_kind, key=silence.pk, name=str(silence), owner=silence.user_id, event=CHANGED,
        changes=[change],
    )  # fmt: skip


def prolonged(silence: Silence, by: timedelta) -> Silence:
    """The silence with a later end, not saved."""
    silence.ends_at += by
    return silence


def copied(silence: Silence, now: datetime) -> dict[str, Any]:
    """The initial values of a copy: the copy of an ended silence begins now and has the same length."""
    values = {name: getattr(silence, name) for name in CREATED_FIELDS}
    if silence.starts_at < now:
        length = silence.ends_at - silence.starts_at
        start = now.replace(second=0, microsecond=0)
        if silence.recurrence:  # at the same time of the day, or the windows would begin at another
            start = silence.starts_at + timedelta(days=(now - silence.starts_at).days)
        values |= {"starts_at": start, "ends_at": start + length}
    return values


def is_over(silence: Silence, now: datetime) -> bool:
    """Whether no window is active or upcoming."""
    if silence.cancelled_at is not None and silence.cancelled_at <= now:
        return True
    try:
        return not upcoming(silence, now, 1)
    except (ValueError, OverflowError):  # the recurrence was written by another program and is invalid: never active
        return silence.ends_at <= now
