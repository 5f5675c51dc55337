"""Undoing changes of silences: former values, the end of one that was ended early, and creations."""

from datetime import datetime
from typing import Any

from rules.configuration.undo_plan import (
    KEPT_ELSEWHERE,
    CannotUndo,
    RecordedChange,
    Undo,
    UndoPlan,
    find_object,
    former_values,
    refuse_errors,
    refuse_other_fields,
)
from rules.models import Silence
from rules.silences.lifecycle import end, is_over, restore
from rules.silences.validation import silence_errors

OVER = "The silence has ended. Create another."


class SilenceUndo(Undo):
    """A created silence ends now; another gets its former values back, while it has time left."""

    kind = "silence"

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        silence = find_object(Silence.objects, change.key, user, "rules.change_silence", lock=lock)
        if change.operation == "created":
            if is_over(silence, now):
                raise CannotUndo(OVER)
            return UndoPlan(lambda: end(Silence.objects.filter(pk=silence.pk), user, now))
        if change.operation != "changed":
            raise CannotUndo(KEPT_ELSEWHERE)
        refuse_other_fields(change.changes, set(silence.recorded_fields))
        for name, value in former_values(silence, change.changes).items():
            setattr(silence, name, value)
        if silence.cancelled_at is not None:
            raise CannotUndo(OVER)
        refuse_errors(silence_errors(silence, user, now, everything=True))
        return UndoPlan(lambda: restore(silence, user, now))
