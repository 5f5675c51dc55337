"""Undoing changes of channels: no secret goes to a former address."""

from typing import Any

from notifications.channels.credentials import known_of
from notifications.registries import channels
from rules.configuration.undo_records import RecordUndo


class ChannelUndo(RecordUndo):
    """Its secrets go to the addresses of its settings; those of a type that is not installed are unknown."""

    kind = "channel"

    def misdirects(self, present: Any, former: Any) -> bool:
        found = channels.find(present.kind)
        if found is None:
            return bool(present.sealed)
        known = known_of(present)
        addresses = dict.fromkeys(set(found.addresses) - set(found.secrets), "")
        return bool(found.bound(known, known | addresses | dict(former.config or {})))
