"""The entries that were written since a position.

An entry counts as new by the transaction that wrote it (`xmin`), not by its time: a long evaluation writes the time of
its beginning. One whose action is yet to be executed comes when that is done, with its result.

Transactions have numbers across all databases of a server; those of other databases are not waited for. A row that was
written behind a savepoint has the number of that, which no snapshot lists: so what is new is not asked of a snapshot.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import BigIntegerField, Func, Q, Value

from rules.activity_stream.position import Place, Position, WrittenPlace, short
from rules.models import ActivityEntry
from rules.models.querysets import ActivityQuerySet

# An entry that becomes visible later than this after its time is not noticed, and one whose action waits for longer
# comes without its result.
OVERLAP = timedelta(minutes=10)
MAX_AGE = timedelta(days=1)  # of a position
LOOK_LIMIT, ENTRIES_PER_READ = 20_000, 200
# The first transaction of this database that may not have ended. What others are known to run was begun before the
# snapshot and is left out of it; one that ends in between counts as open until the next look.
SNAPSHOT = """
WITH s AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot)
SELECT least(pg_snapshot_xmax(snapshot)::text::bigint, (
         SELECT min(x::text::bigint) FROM pg_snapshot_xip(snapshot) x
          WHERE x::text::bigint & 4294967295 NOT IN (
             SELECT backend_xid::text::bigint FROM pg_stat_activity
              WHERE backend_xid IS NOT NULL AND datname <> current_database()
              UNION ALL
             SELECT transaction::text::bigint FROM pg_prepared_xacts WHERE database <> current_database()))), now()
  FROM s
"""
# How many transactions later than a given one, of the 32 bits that a row keeps of its own.
TRANSACTIONS_LATER = "((agent_activity_log.xmin::text::bigint - %(expressions)s) & 4294967295)"
PENDING_ACTION = Q(status=ActivityEntry.Status.PENDING, run__isnull=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What is new: places, the position behind them all, and the first transaction that had not ended."""

    places: Sequence[Place]
    end: Position
    floor: int


def newest() -> Position:
    """The position behind all entries that can be seen now."""
    floor, now = _snapshot()
    position = Position(now, floor)
    while True:
        found = look(ActivityEntry.objects.all(), position)
        if len(found.places) < LOOK_LIMIT:
            return found.end
        position = found.end


def look(entries: ActivityQuerySet, position: Position) -> Look:
    """Find what is new among `entries` since `position`."""
    ended, now = _snapshot()  # before the rows: what had ended then, is among them
    floor = max(ended, position.floor)
    places = _written(entries, position)
    if len(places) == LOOK_LIMIT:
        return Look(places, _behind(position, places, floor), floor)
    later = {transaction for transaction, *_ in places if transaction >= floor}
    done = position.done_with(floor)
    end = Position(now, floor, done.sent | later)
    return Look([*places, *_waiting_for_long(entries, position, now)], end, floor)


def sent(entries: ActivityQuerySet, position: Position, found: Look) -> Iterator[tuple[Position, ActivityEntry]]:
    """The entries of a look, each with the position behind it; those that were deleted meanwhile are left out."""
    for start in range(0, len(found.places), ENTRIES_PER_READ):
        some = found.places[start : start + ENTRIES_PER_READ]
        known = entries.in_bulk([key for _, _, key in some])
        for place in some:
            position = position.past(place, found.floor)
            if place[2] in known:
                yield position, known[place[2]]


def _snapshot() -> tuple[int, datetime]:
    """The first transaction of this database that has not ended, and the time."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        floor, now = cursor.fetchone()
        return int(floor), now


def _written(entries: ActivityQuerySet, position: Position) -> list[WrittenPlace]:
    """Those that can be seen and were not sent, the first LOOK_LIMIT of them."""
    later = Func(Value(position.floor), template=TRANSACTIONS_LATER, output_field=BigIntegerField())
    rows = (
        entries.exclude(PENDING_ACTION)
        .annotate(later=later)
        .filter(later__lt=2**31, created_at__gt=position.time - OVERLAP)
        .exclude(_sent_before(position))
        .order_by("later", "created_at", "id")
        .values_list("later", "created_at", "id")
    )
    return [(position.floor + later, created, key) for later, created, key in rows[:LOOK_LIMIT]]


def _sent_before(position: Position) -> Q:
    whole = Q(later__in=[transaction - position.floor for transaction in position.sent])
    if position.after is None:
        return whole
    transaction, created, key = position.after
    up_to = Q(created_at__lt=created) | Q(created_at=created, id__lte=key)
    return whole | Q(later=transaction - position.floor) & up_to


def _waiting_for_long(entries: ActivityQuerySet, position: Position, now: datetime) -> Iterable[Place]:
    """Entries whose action is still to be executed, and which leave the time that is looked at."""
    leaving = entries.filter(PENDING_ACTION, created_at__gt=position.time - OVERLAP, created_at__lte=now - OVERLAP)
    rows = leaving.order_by("created_at", "id").values_list("created_at", "id")
    return [(None, created, key) for created, key in rows[:LOOK_LIMIT] if short(key) not in position.waited]


def _behind(position: Position, places: Sequence[Place], floor: int) -> Position:
    for place in places:
        position = position.past(place, floor)
    return position
