"""A position in the stream of entries, as the client keeps it: the `id` of an event, later `Last-Event-ID`.

Entries are in the order of the transactions that wrote them. All transactions before `floor` have ended, and all their
entries were sent; of later ones, which may have ended before an earlier one, `sent` names those whose entries were
sent. Entries of one transaction become visible at once, so that its number stands for all of them. Whatever commits
late, and whatever process answers, that tells exactly what was not sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from smartagent.kernel.times import EPOCH, MICROSECOND

# In the text, which is a header of a request. Where more transactions have ended while an older one was open, a client
# that connects again gets entries of the oldest of them once more.
MAX_SENT, MAX_WAITED = 1_000, 100
SHAPE = re.compile(
    r"2_(\d{1,16})_(\d{1,18})_((?:[0-9a-f]{1,8}(?:\.[0-9a-f]{1,8})*)?)"
    r"_((\d{1,18})-(\d{1,16})-([0-9a-f]{32}))?_((?:[0-9a-f]{12})*)",
    re.ASCII,
)
INVALID_POSITION = "Invalid position. Send the id of an event of this stream, or none."

# Transaction, time and id of an entry: the order of the stream. An entry that waits has no transaction, and comes last.
WrittenPlace = tuple[int, datetime, UUID]
Place = WrittenPlace | tuple[None, datetime, UUID]


@dataclass(frozen=True, slots=True)
class Position:
    """`time` is that of the last complete look. Since then, of the transaction of `after` the entries up to it were
    sent, and entries that wait, which `waited` names in short."""

    time: datetime
    floor: int
    sent: frozenset[int] = frozenset()
    after: WrittenPlace | None = None
    waited: frozenset[str] = frozenset()

    def encode(self) -> str:
        """The position as text."""
        after = f"{self.after[0]}-{_microseconds(self.after[1])}-{self.after[2].hex}" if self.after else ""
        waited = "".join(sorted(self.waited)[:MAX_WAITED])
        return f"2_{_microseconds(self.time)}_{self.floor}_{_steps(self.floor, self.sent)}_{after}_{waited}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """The position that `encode` has written; ValueError where it is another text."""
        found = SHAPE.fullmatch(text)
        if not found:
            raise ValueError(INVALID_POSITION)
        time, floor, steps, after, transaction, created, key, waited = found.groups()
        last = (int(transaction), _time(created), UUID(key)) if after else None
        sent = frozenset(_walked(int(floor), steps))
        return cls(_time(time), int(floor), sent, last, frozenset(re.findall(".{12}", waited)))

    def past(self, place: Place, floor: int) -> Self:
        """The position behind an entry, where all transactions before `floor` have ended."""
        transaction, created, key = place
        if transaction is None:
            return replace(self.done_with(floor), waited=self.waited | {short(key)})
        is_further = self.after is not None and self.after[0] == transaction
        begun = self if is_further else self.done_with(min(transaction, floor))
        return replace(begun, after=(transaction, created, key))

    def done_with(self, floor: int) -> Self:
        """The position behind all entries of the transaction of `after`, and of all before `floor`."""
        known = self.sent | ({self.after[0]} if self.after else set())
        return replace(self, floor=floor, sent=frozenset(each for each in known if each >= floor), after=None)


def short(key: UUID) -> str:
    """Enough of an id to tell it from some hundred others."""
    return key.hex[:12]


def _steps(floor: int, transactions: Iterable[int]) -> str:
    """The newest of the transactions, each as what it is more than the one before."""
    newest = sorted(transactions)[-MAX_SENT:]
    return ".".join(f"{each - before:x}" for before, each in zip([floor, *newest], newest, strict=False))


def _walked(floor: int, steps: str) -> Iterable[int]:
    for step in filter(None, steps.split(".")):
        floor += int(step, 16)
        yield floor


def _microseconds(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def _time(microseconds: str) -> datetime:
    return EPOCH + int(microseconds) * MICROSECOND
