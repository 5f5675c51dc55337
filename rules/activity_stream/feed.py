"""The entries that were written since a position.

An entry counts as new by the transaction that wrote it (`xmin`), not by its time: a long evaluation writes the time of
its beginning. One whose action is yet to be executed comes when that is done, with its result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, Func, Q, Value

from rules.activity_stream.position import Position, short
from rules.models import ActivityEntry
from rules.models.querysets import ActivityQuerySet

# An entry that becomes visible later than this after its time is not noticed, and one whose action waits for longer
# comes without its result.
OVERLAP = timedelta(minutes=10)
MAX_AGE = timedelta(days=1)  # of a position
LOOK_LIMIT, ENTRIES_PER_READ = 20_000, 200
SNAPSHOT = "SELECT pg_snapshot_xmin(s)::text::bigint, now() FROM pg_current_snapshot() s"
# How many transactions later than a given one, of the 32 bits that a row keeps of its own.
TRANSACTIONS_LATER = "((agent_activity_log.xmin::text::bigint - %(expressions)s) & 4294967295)"
PENDING_ACTION = Q(status=ActivityEntry.Status.PENDING, run__isnull=False)

# Transaction, time and id of an entry: the order of the stream.
Place = tuple[int, datetime, UUID]


@dataclass(frozen=True, slots=True)
class Look:
    """What is new: places, the position behind them all, and the first transaction that had not ended."""

    places: Sequence[Place]
    end: Position
    floor: int


def newest() -> Position:
    """The position behind all entries that can be seen now."""
    floor, now = _snapshot()
    start = Position(now, floor)
    return look(ActivityEntry.objects.all(), start).end


def look(entries: ActivityQuerySet, position: Position) -> Look:
    """Find what is new among `entries` since `position`."""
    floor, now = _snapshot()  # before the rows: what had ended then, is among them
    found = _written(entries, position)
    places = [place for place in found if not _was_sent(place, position)]
    open_ones = frozenset(short(key) for transaction, _, key in found if transaction >= floor)
    end = Position(now, max(floor, position.floor), None, open_ones)
    if len(found) == LOOK_LIMIT:
        return Look(places, _behind(position, places, floor), floor)
    waiting = _waiting_for_long(entries, position, now)
    return Look([*places, *((floor, created, key) for created, key in waiting)], end, floor)


def sent(entries: ActivityQuerySet, position: Position, found: Look) -> Iterator[tuple[Position, ActivityEntry]]:
    """The entries of a look, each with the position behind it; those that were deleted meanwhile are left out."""
    for start in range(0, len(found.places), ENTRIES_PER_READ):
        some = found.places[start : start + ENTRIES_PER_READ]
        known = entries.in_bulk([key for _, _, key in some])
        for transaction, created, key in some:
            position = position.past(transaction, created, key, found.floor)
            if key in known:
                yield position, known[key]


def _snapshot() -> tuple[int, datetime]:
    """The first transaction that has not ended, and the time."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        floor, now = cursor.fetchone()
        return int(floor), now


def _written(entries: ActivityQuerySet, position: Position) -> list[Place]:
    later = Func(Value(position.floor), template=TRANSACTIONS_LATER, output_field=BigIntegerField())
    rows = (
        entries.exclude(PENDING_ACTION)
        .annotate(later=later)
        .filter(later__lt=2**31, created_at__gt=position.time - OVERLAP)
        .order_by("later", "created_at", "id")
        .values_list("later", "created_at", "id")
    )
    return [(position.floor + later, created, key) for later, created, key in rows[:LOOK_LIMIT]]


def _was_sent(place: Place, position: Position) -> bool:
    transaction, created, key = place
    if position.after and transaction == position.floor and (created, key) <= position.after:
        return True
    return short(key) in position.seen


def _waiting_for_long(entries: ActivityQuerySet, position: Position, now: datetime) -> list[tuple[datetime, UUID]]:
    """Entries whose action is still to be executed, and which leave the time that is looked at."""
    leaving = entries.filter(PENDING_ACTION, created_at__gt=position.time - OVERLAP, created_at__lte=now - OVERLAP)
    rows = leaving.order_by("created_at", "id").values_list("created_at", "id")
    return [(created, key) for created, key in rows[:LOOK_LIMIT] if short(key) not in position.seen]


def _behind(position: Position, places: Sequence[Place], floor: int) -> Position:
    for place in places:
        position = position.past(*place, floor)
    return position
