"""Changes of a table as values; `str()` of a change is its log line."""

from dataclasses import dataclass
from typing import ClassVar

# The strongest table lock that a change takes. All but the first let others read, all below the second write as well.
ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"
SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
ROW_EXCLUSIVE = "ROW EXCLUSIVE"


@dataclass(frozen=True, kw_only=True)
class SchemaChange:
    """One change of a table. `lock` is the strongest table lock it takes, for moments only if it blocks writes."""

    lock: ClassVar[str] = ACCESS_EXCLUSIVE


@dataclass(frozen=True, kw_only=True)
class AddColumn(SchemaChange):
    field: str
    column: str
    nullable: bool

    def __str__(self) -> str:
        return f"column {self.column} added{', nullable' if self.nullable else ''}"


@dataclass(frozen=True, kw_only=True)
class AddForeignKey(SchemaChange):
    lock = SHARE_ROW_EXCLUSIVE

    field: str
    column: str

    def __str__(self) -> str:
        return f"foreign key added on {self.column}"


@dataclass(frozen=True, kw_only=True)
class RelaxNotNull(SchemaChange):
    column: str
    comment: str | None = None

    def __str__(self) -> str:
        return f"column {self.column} may be null now"


@dataclass(frozen=True, kw_only=True)
class SetDefault(SchemaChange):
    field: str
    column: str
    comment: str | None = None

    def __str__(self) -> str:
        return f"column {self.column} has a default now"


@dataclass(frozen=True, kw_only=True)
class WidenCheck(SchemaChange):
    """Let an existing CHECK accept `words` as well; `definition` is the original CHECK."""

    name: str
    column: str
    words: tuple[str, ...]
    expression: str
    definition: str
    comment: str | None = None

    def __str__(self) -> str:
        return f"check {self.name} widened by {', '.join(self.words)}"


@dataclass(frozen=True, kw_only=True)
class AddIndex(SchemaChange):
    lock = SHARE_UPDATE_EXCLUSIVE

    name: str

    def __str__(self) -> str:
        return f"index {self.name} added"


@dataclass(frozen=True, kw_only=True)
class AddFieldIndex(SchemaChange):
    lock = SHARE_UPDATE_EXCLUSIVE

    field: str
    unique: bool = False

    def __str__(self) -> str:
        return f"{'unique ' if self.unique else ''}index added on {self.field}"


@dataclass(frozen=True, kw_only=True)
class AddConstraint(SchemaChange):
    """A unique constraint. Its index is built concurrently; attaching it to the constraint blocks writes briefly."""

    name: str

    def __str__(self) -> str:
        return f"constraint {self.name} added"


@dataclass(frozen=True, kw_only=True)
class AddCheck(SchemaChange):
    """A CHECK of the model. It also accepts whatever `beside` accept: the existing CHECKs on the same columns."""

    name: str
    beside: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"check {self.name} added"


@dataclass(frozen=True, kw_only=True)
class Validate(SchemaChange):
    """Validate a constraint that an earlier run added without checking every row."""

    lock = SHARE_UPDATE_EXCLUSIVE

    name: str

    def __str__(self) -> str:
        return f"constraint {self.name} holds for every row"


@dataclass(frozen=True, kw_only=True)
class DropUnfinished(SchemaChange):
    """Drop an index that an earlier run did not finish."""

    name: str

    def __str__(self) -> str:
        return f"unfinished index {self.name} removed"


@dataclass(frozen=True, kw_only=True)
class LeaveAlone(SchemaChange):
    lock = ""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what} left alone: {self.why}"


@dataclass(frozen=True, kw_only=True)
class DropColumn(SchemaChange):
    column: str

    def __str__(self) -> str:
        return f"column {self.column} removed again"


@dataclass(frozen=True, kw_only=True)
class DropConstraint(SchemaChange):
    name: str

    def __str__(self) -> str:
        return f"constraint {self.name} removed again"


@dataclass(frozen=True, kw_only=True)
class DropIndex(SchemaChange):
    name: str

    def __str__(self) -> str:
        return f"index {self.name} removed again"


@dataclass(frozen=True, kw_only=True)
class DropDefault(SchemaChange):
    column: str
    comment: str | None = None

    def __str__(self) -> str:
        return f"column {self.column} is without a default again"


@dataclass(frozen=True, kw_only=True)
class RestoreNotNull(SchemaChange):
    column: str
    comment: str | None = None

    def __str__(self) -> str:
        return f"column {self.column} is NOT NULL again"


@dataclass(frozen=True, kw_only=True)
class RestoreCheck(SchemaChange):
    name: str
    definition: str
    comment: str | None = None

    def __str__(self) -> str:
        return f"check {self.name} is as it was"


@dataclass(frozen=True, kw_only=True)
class PartitionTable(SchemaChange):
    def __str__(self) -> str:
        return "partitioned by month; its rows are the first partition"


@dataclass(frozen=True, kw_only=True)
class AddPartitions(SchemaChange):
    lock = SHARE_UPDATE_EXCLUSIVE

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"partitions made: {', '.join(self.names)}"
