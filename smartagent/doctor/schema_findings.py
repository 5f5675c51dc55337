"""Missing parts of the schema as findings: each due change, described by what is wrong without it."""

from datetime import timedelta
from functools import singledispatch

from smartagent.adoption import changes
from smartagent.adoption.changes import LeaveAlone, SchemaChange
from smartagent.adoption.introspection import ANY_WORD
from smartagent.adoption.sync import row_security, storage, sync_changes
from smartagent.doctor.findings import FIX, Finding, error, info, warning
from smartagent.kernel.durations import format_duration

# Changes without which everything works, or that Smart Agent alone cannot make.
HARMLESS = (
    changes.Validate, changes.DropUnfinished, sync_changes.FillRows, sync_changes.CopyRows, sync_changes.CountRows,
    sync_changes.MakeCountTrigger, sync_changes.ImportPeopleChange, sync_changes.IntroducePeopleChange,
    changes.PartitionTable, changes.AddPartitions, row_security.MakeMemberRole, row_security.SecureTable,
    storage.SetStorage,
)  # fmt: skip


def finding_of(subject: str, change: SchemaChange) -> Finding:
    """Return the finding for a change that is due."""
    if isinstance(change, LeaveAlone):
        return _left_alone(subject, change)
    say = warning if isinstance(change, HARMLESS) else error
    return say(subject, problem_of(change), fix_of(change), repairable=True)


def _left_alone(subject: str, change: LeaveAlone) -> Finding:
    kind = change.what.partition(" ")[0]
    if kind == "check":
        return info(subject, f"{change}.", "No action needed.")
    if kind == "column":
        return warning(subject, f"{change}.", "If pages fail, change the type of the column in the database.")
    return warning(subject, f"{change}.", "After the change, run `manage.py doctor --fix`.")


def fix_of(change: SchemaChange) -> str:
    """The fix, and what to know before applying it."""
    if isinstance(change, changes.AddColumn):
        return f"{FIX} In existing rows the column is empty or has its default; lost values are only in a backup."
    if isinstance(change, changes.Validate):
        return f"{FIX} If the finding remains, some older rows violate it; they may stay."
    if isinstance(change, changes.AddConstraint) or (isinstance(change, changes.AddFieldIndex) and change.unique):
        return f"{FIX} If the finding remains, there are duplicate rows: delete one of each."
    return FIX


@singledispatch
def problem_of(change: SchemaChange) -> str:
    """The problem, in one sentence."""
    raise NotImplementedError(type(change).__name__)


@problem_of.register
def _(change: changes.AddColumn) -> str:
    return f"The column {change.column} is missing."


@problem_of.register
def _(change: changes.AddForeignKey) -> str:
    return f"The foreign key on the column {change.column} is missing."


@problem_of.register
def _(change: changes.RelaxNotNull) -> str:
    return f"The column {change.column} is NOT NULL, but Smart Agent does not always have a value for it."


@problem_of.register
def _(change: changes.SetDefault) -> str:
    return f"The column {change.column} has no default: a program that does not know it cannot insert rows."


@problem_of.register
def _(change: changes.WidenCheck) -> str:
    words = "values of Smart Agent" if ANY_WORD in change.words else ", ".join(change.words)
    return f"The check {change.name} rejects {words} in the column {change.column}."


@problem_of.register
def _(change: changes.AddIndex) -> str:
    return f"The index {change.name} is missing: pages and evaluations become slow."


@problem_of.register
def _(change: changes.AddFieldIndex) -> str:
    return f"The {'unique ' if change.unique else ''}index on {change.field} is missing."


@problem_of.register
def _(change: changes.AddConstraint) -> str:
    return f"The constraint {change.name} is missing."


@problem_of.register
def _(change: changes.AddCheck) -> str:
    return f"The check {change.name} is missing."


@problem_of.register
def _(change: changes.Validate) -> str:
    return f"The constraint {change.name} is NOT VALID: it holds for new rows, older rows were not validated."


@problem_of.register
def _(change: changes.DropUnfinished) -> str:
    return f"The index {change.name} was left unfinished by an interrupted run."


@problem_of.register
def _(change: changes.PartitionTable) -> str:
    return "The table is not partitioned by month: old rows cannot be dropped at once, and it grows without bounds."


@problem_of.register
def _(change: changes.AddPartitions) -> str:
    return f"Partitions are missing: {', '.join(change.names)}. Their rows are in the default partition, if any."


@problem_of.register
def _(change: row_security.MakeMemberRole) -> str:
    return "The database role of members is missing: only queries keep members to their rows."


@problem_of.register
def _(change: row_security.SecureTable) -> str:
    return "The rights or policies of members on the table are missing or were changed."


@problem_of.register
def _(change: storage.SetStorage) -> str:
    return f"Storage settings are missing, so the table grows faster than it need: {', '.join(change.parameters)}."


@problem_of.register
def _(change: sync_changes.MakeFunction) -> str:
    return f"The function {change.name} is missing, or was changed."


@problem_of.register
def _(change: sync_changes.MakeTrigger) -> str:
    return (
        f"The trigger {change.name} is missing, disabled or changed: data of the old application "
        "and Smart Agent are no longer synchronised."
    )


@problem_of.register
def _(change: sync_changes.MakeCountTrigger) -> str:
    return f"The trigger {change.name} is missing, disabled or changed: charts of long periods take longer."


@problem_of.register
def _(change: sync_changes.CountRows) -> str:
    return f"{change.what[:1].upper()}{change.what[1:]}: {sync_changes.rows(change.rows)} to be counted."


@problem_of.register
def _(change: sync_changes.FillRows) -> str:
    return f"{change.what[:1].upper()}{change.what[1:]}: {sync_changes.rows(change.rows)} to be filled in."


@problem_of.register
def _(change: sync_changes.CopyRows) -> str:
    return f"{change.what[:1].upper()}{change.what[1:]}: {sync_changes.rows(change.rows)} to be copied."


@problem_of.register
def _(change: sync_changes.ImportPeopleChange) -> str:
    return f"{_people(change.people, 'of the old application')} not known here, and cannot sign in."


@problem_of.register
def _(change: sync_changes.IntroducePeopleChange) -> str:
    known = f"{_people(change.people, 'of ours')} not known to the old application"
    return f"{known}: what they own cannot be written."


def _people(count: int, whose: str) -> str:
    return f"{sync_changes.people(count)} {whose} {'is' if count == 1 else 'are'}"


def about(span: timedelta) -> str:
    """A duration, to the hour where it is over a day, else to the minute: `3d 4h`, `2h 5m`, `40s`."""
    for unit, longer in ((timedelta(hours=1), timedelta(days=1)), (timedelta(minutes=1), timedelta(minutes=1))):
        if span >= longer:
            return format_duration(span // unit * unit)
    return format_duration(span)
