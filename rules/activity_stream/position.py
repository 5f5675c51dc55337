"""A position in the stream of entries, as the client keeps it: the `id` of an event, later `Last-Event-ID`.

Entries are in the order of the transactions that wrote them. All transactions before `floor` have ended, so that all
their entries can be seen; `seen` are entries of later ones that were sent already. Whatever commits late, and whatever
process answers, that tells exactly what was not sent.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MAX_SEEN = 300  # in the text, which is a header of a request
SHAPE = re.compile(r"1_(\d{1,16})_(\d{1,18})_((\d{1,16})-([0-9a-f]{32}))?_((?:[0-9a-f]{12})*)", re.ASCII)
INVALID_POSITION = "Invalid position. Send the id of an event of this stream, or none."


@dataclass(frozen=True, slots=True)
class Position:
    """`time` is that of the last complete look; `after` is the last entry sent of the transaction `floor`."""

    time: datetime
    floor: int
    after: tuple[datetime, UUID] | None = None
    seen: frozenset[str] = frozenset()

    def encode(self) -> str:
        """The position as text."""
        after = f"{_microseconds(self.after[0])}-{self.after[1].hex}" if self.after else ""
        return f"1_{_microseconds(self.time)}_{self.floor}_{after}_{''.join(sorted(self.seen)[:MAX_SEEN])}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """The position that `encode` has written; ValueError where it is another text."""
        found = SHAPE.fullmatch(text)
        if not found:
            raise ValueError(INVALID_POSITION)
        time, floor, after, created, key, seen = found.groups()
        last = (_time(created), UUID(key)) if after else None
        return cls(_time(time), int(floor), last, frozenset(re.findall(".{12}", seen)))

    def past(self, transaction: int, created: datetime, key: UUID, floor: int) -> Self:
        """The position behind an entry of `transaction`, where all transactions before `floor` have ended."""
        if transaction < floor:
            return replace(self, floor=transaction, after=(created, key))
        return replace(self, floor=floor, after=None, seen=self.seen | {short(key)})


def short(key: UUID) -> str:
    """Enough of an id to tell it from some hundred others."""
    return key.hex[:12]


def _microseconds(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def _time(microseconds: str) -> datetime:
    return EPOCH + int(microseconds) * MICROSECOND
