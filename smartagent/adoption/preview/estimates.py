"""Estimated durations of changes, as measured by `manage.py bench adopt` on two cores while others write.

They are upper estimates: for a column that does not exist yet, every row counts as one to fill.
"""

from functools import singledispatch

from smartagent.adoption import changes
from smartagent.adoption.lock_retries import LOCK_TIMEOUT
from smartagent.adoption.sync import sync_changes

# Seconds: for a change that looks at no row, for a table with all its indexes, and then for each row or person.
MOMENT, CREATION = 0.02, 0.1
READ, SORT, WRITE, COPY = 0.3e-6, 1.5e-6, 40e-6, 20e-6
PERSON = 0.7e-3

LOCKS = (
    "", "ACCESS SHARE", changes.ROW_EXCLUSIVE, changes.SHARE_UPDATE_EXCLUSIVE, changes.SHARE_ROW_EXCLUSIVE,
    changes.ACCESS_EXCLUSIVE,
)  # fmt: skip
BLOCKING = (changes.SHARE_ROW_EXCLUSIVE, changes.ACCESS_EXCLUSIVE)


def strongest(locks: list[str]) -> str:
    """Return the strongest of `locks`; empty if there is none."""
    return max(locks, key=LOCKS.index, default="")


def blocked_seconds(lock: str) -> float:
    """Return how long a write by others is blocked at most, in seconds: while the lock is requested and held."""
    return LOCK_TIMEOUT.total_seconds() + MOMENT if lock in BLOCKING else 0


@singledispatch
def seconds(change: changes.SchemaChange, rows: int) -> float:
    """Return the duration of the change on a table of `rows` rows, in seconds."""
    return MOMENT


@seconds.register
def _(change: changes.LeaveAlone, rows: int) -> float:
    return 0


@seconds.register(changes.AddIndex)
@seconds.register(changes.AddFieldIndex)
@seconds.register(changes.AddConstraint)
def _(change: changes.SchemaChange, rows: int) -> float:
    return MOMENT + rows * SORT


@seconds.register(changes.AddCheck)
@seconds.register(changes.WidenCheck)
@seconds.register(changes.AddForeignKey)
@seconds.register(changes.Validate)
@seconds.register(changes.PartitionTable)
def _(change: changes.SchemaChange, rows: int) -> float:
    return MOMENT + rows * READ


@seconds.register
def _(change: sync_changes.FillRows, rows: int) -> float:
    return MOMENT + change.rows * WRITE


@seconds.register
def _(change: sync_changes.CopyRows, rows: int) -> float:
    return MOMENT + change.rows * COPY


@seconds.register(sync_changes.ImportPeopleChange)
@seconds.register(sync_changes.IntroducePeopleChange)
def _(change: "sync_changes.ImportPeopleChange | sync_changes.IntroducePeopleChange", rows: int) -> float:
    return MOMENT + change.people * PERSON
