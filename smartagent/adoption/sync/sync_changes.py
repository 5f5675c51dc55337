"""Changes that keep two applications in sync on the same rows, as values; `str()` of a change is its log line."""

from dataclasses import dataclass

from smartagent.adoption.changes import ACCESS_EXCLUSIVE, ROW_EXCLUSIVE, SHARE_ROW_EXCLUSIVE, SchemaChange


@dataclass(frozen=True, kw_only=True)
class MakeFunction(SchemaChange):
    lock = ""

    name: str

    def __str__(self) -> str:
        return f"function {self.name} made"


@dataclass(frozen=True, kw_only=True)
class MakeTrigger(SchemaChange):
    lock = SHARE_ROW_EXCLUSIVE

    name: str

    def __str__(self) -> str:
        return f"trigger {self.name} made"


@dataclass(frozen=True, kw_only=True)
class MakeCountTrigger(MakeTrigger):
    """Without it everything works, but slower."""


@dataclass(frozen=True, kw_only=True)
class DropFunction(SchemaChange):
    lock = ""

    name: str

    def __str__(self) -> str:
        return f"function {self.name} removed again"


@dataclass(frozen=True, kw_only=True)
class DropTrigger(SchemaChange):
    lock = ACCESS_EXCLUSIVE

    name: str

    def __str__(self) -> str:
        return f"trigger {self.name} removed again"


@dataclass(frozen=True, kw_only=True)
class EmptyRows(SchemaChange):
    """Set values that were filled into existing columns to NULL again."""

    lock = ROW_EXCLUSIVE

    what: str
    rows: int

    def __str__(self) -> str:
        return f"{self.what} empty again, {rows(self.rows)}"


@dataclass(frozen=True, kw_only=True)
class FillRows(SchemaChange):
    """Update rows in batches, each of which locks its rows for moments."""

    lock = ROW_EXCLUSIVE

    what: str
    rows: int

    def __str__(self) -> str:
        return f"{self.what} filled in, {rows(self.rows)}"


@dataclass(frozen=True, kw_only=True)
class CopyRows(SchemaChange):
    """Copy rows, in batches, into a table of Smart Agent."""

    lock = "ACCESS SHARE"

    what: str
    rows: int

    def __str__(self) -> str:
        return f"{self.what} copied, {rows(self.rows)}"


@dataclass(frozen=True, kw_only=True)
class CountRows(SchemaChange):
    """Count the rows of a table into a table of Smart Agent, in one statement."""

    lock = "ACCESS SHARE"

    what: str
    rows: int

    def __str__(self) -> str:
        return f"{self.what} counted, {rows(self.rows)}"


@dataclass(frozen=True, kw_only=True)
class ImportPeopleChange(SchemaChange):
    lock = "ACCESS SHARE"

    people: int

    def __str__(self) -> str:
        return f"{people(self.people)} of the old application made known here"


@dataclass(frozen=True, kw_only=True)
class IntroducePeopleChange(SchemaChange):
    lock = ROW_EXCLUSIVE

    people: int

    def __str__(self) -> str:
        return f"{people(self.people)} of ours made known to the old application"


@dataclass(frozen=True, kw_only=True)
class WithdrawPeople(SchemaChange):
    lock = ROW_EXCLUSIVE

    def __str__(self) -> str:
        return "people whom the old application knows only through us removed again"


def rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
