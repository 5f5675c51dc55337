"""What is decided of a found table, without a database."""

from dataclasses import replace

import pytest
from django.apps.registry import Apps
from django.contrib.postgres.functions import RandomUUID
from django.db import models

from smartagent.adoption import ownership_marks
from smartagent.adoption.changes import (
    AddCheck,
    AddColumn,
    AddConstraint,
    AddFieldIndex,
    AddForeignKey,
    AddIndex,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropUnfinished,
    LeaveAlone,
    RelaxNotNull,
    RestoreCheck,
    RestoreNotNull,
    SchemaChange,
    SetDefault,
    WidenCheck,
)
from smartagent.adoption.introspection import FoundColumn, FoundConstraint, FoundIndex, FoundTable
from smartagent.adoption.plan import plan
from smartagent.adoption.undo import undo


class Note(models.Model):
    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    text = models.TextField()
    kind = models.TextField(db_default="note")
    slug = models.CharField(max_length=20, null=True, unique=True)

    class Meta:
        app_label = "notes"
        apps = Apps()
        db_table = "notes"
        indexes = [models.Index(fields=["text"], name="notes_text")]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["note", "task"]), name="notes_kind_known"),
            models.UniqueConstraint(fields=["text", "kind"], name="notes_once"),
        ]

    def __str__(self) -> str:
        return self.text


ID = FoundColumn(name="id", type="uuid", not_null=True, default=True)
PARENT = FoundColumn(name="parent_id", type="uuid")
TEXT = FoundColumn(name="text", type="text", not_null=True)
KIND = FoundColumn(name="kind", type="text", not_null=True, default=True)
SLUG = FoundColumn(name="slug", type="character varying")
KEY = FoundIndex(name="notes_pkey", columns=("id",), unique=True, primary=True)
PARENTS = FoundIndex(name="by_parent", columns=("parent_id", "id"))
SLUGS = FoundIndex(name="by_slug", columns=("slug",), unique=True)
PART = FoundIndex(name="by_part", columns=("slug",), unique=True, whole=False)
TEXTS = FoundIndex(name="notes_text", columns=("text",))
PAIRS = FoundIndex(name="pairs", columns=("kind", "text"), unique=True)
CHECK = FoundConstraint(
    name="kinds", kind="c", columns=("kind",), definition="CHECK (x)", expression="x", refuses=("task",)
)
KNOWN = FoundConstraint(name="notes_kind_known", kind="c", columns=("kind",), definition="CHECK (y)")

COLUMNS = (ID, PARENT, TEXT, KIND, SLUG)
INDEXES = (KEY, PARENTS, SLUGS, TEXTS, PAIRS)
WIDEN = WidenCheck(name="kinds", column="kind", words=("task",), expression="x", definition="CHECK (x)")


def table(
    *columns: FoundColumn,
    indexes: tuple[FoundIndex, ...] = INDEXES,
    constraints: tuple[FoundConstraint, ...] = (KNOWN,),
    comment: str | None = None,
) -> FoundTable:
    """A table that has all it needs, but for what a test says."""
    return FoundTable(
        name="notes", columns=columns or COLUMNS, indexes=indexes, constraints=constraints, comment=comment
    )


def added(name: str, type: str = "text") -> FoundColumn:  # noqa: A002
    return FoundColumn(name=name, type=type, comment="smart-agent: added")


PLANS: dict[str, tuple[FoundTable, list[SchemaChange]]] = {
    "complete": (table(), []),
    "no default: old rows have none": (
        table(ID, PARENT, KIND, SLUG),
        [AddColumn(field="text", column="text", nullable=True)],
    ),
    "a default: not null": (
        table(ID, PARENT, TEXT, SLUG),
        [AddColumn(field="kind", column="kind", nullable=False)],
    ),
    "a key into our tables": (
        table(ID, TEXT, KIND, SLUG),
        [
            AddColumn(field="parent", column="parent_id", nullable=True),
            AddForeignKey(field="parent", column="parent_id"),
        ],
    ),
    "ours, its key lost": (
        table(ID, added("parent_id", "uuid"), TEXT, KIND, SLUG),
        [AddForeignKey(field="parent", column="parent_id")],
    ),
    "a required column that we do not know": (
        table(*COLUMNS, FoundColumn(name="tenant", type="uuid", not_null=True, comment="Whose")),
        [RelaxNotNull(column="tenant", comment="Whose")],
    ),
    "one with a default": (
        table(*COLUMNS, FoundColumn(name="tenant", type="uuid", not_null=True, default=True)),
        [],
    ),
    "required there, optional here": (
        table(ID, PARENT, TEXT, KIND, FoundColumn(name="slug", type="character varying", not_null=True)),
        [RelaxNotNull(column="slug")],
    ),
    "left to the database here, without a default there": (
        table(ID, PARENT, TEXT, FoundColumn(name="kind", type="text", not_null=True), SLUG),
        [SetDefault(field="kind", column="kind")],
    ),
    "a type that is near enough": (
        table(ID, PARENT, TEXT, KIND, FoundColumn(name="slug", type="text")),
        [],
    ),
    "a type that is not": (
        table(ID, FoundColumn(name="parent_id", type="bigint"), TEXT, KIND, SLUG),
        [LeaveAlone(what="column parent_id", why="it is bigint, we need uuid")],
    ),
    "indexes": (
        table(indexes=(KEY, PAIRS)),
        [
            AddFieldIndex(field="parent"),
            AddFieldIndex(field="slug", unique=True),
            AddIndex(name="notes_text"),
        ],
    ),
    "a partial index promises nothing": (
        table(indexes=(KEY, PARENTS, PART, TEXTS, PAIRS)),
        [AddFieldIndex(field="slug", unique=True)],
    ),
    "a unique constraint": (table(indexes=INDEXES[:-1]), [AddConstraint(name="notes_once")]),
    "an index that a run built to its end, and was ended before it had its name": (
        table(indexes=(KEY, PARENTS, replace(SLUGS, name=ownership_marks.building("slugs")), TEXTS, PAIRS)),
        [DropUnfinished(name=ownership_marks.building("slugs")), AddFieldIndex(field="slug", unique=True)],
    ),
    "a check on a column of theirs that may hold anything": (
        table(constraints=()),
        [LeaveAlone(what="check notes_kind_known", why="kind may hold anything in this table")],
    ),
    "a check beside theirs, which is widened": (
        table(constraints=(CHECK,)),
        [WIDEN, AddCheck(name="notes_kind_known", beside=("x",))],
    ),
    "a check beside theirs, which an ended run has widened": (
        table(constraints=(replace(CHECK, refuses=(), comment="smart-agent: widened CHECK (w)"),)),
        [AddCheck(name="notes_kind_known", beside=("(w)",))],
    ),
    "a check on a column of ours": (
        table(ID, PARENT, TEXT, added("kind"), SLUG, constraints=()),
        [AddCheck(name="notes_kind_known")],
    ),
    "a table that we created": (
        table(constraints=(CHECK,), comment="smart-agent: created"),
        [AddCheck(name="notes_kind_known"), AddForeignKey(field="parent", column="parent_id")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "changes"), PLANS.values(), ids=PLANS)
def test_plan(found: FoundTable, changes: list[SchemaChange]) -> None:
    assert plan(Note, found) == changes


def test_a_check_that_was_widened_before_keeps_its_first_definition() -> None:
    check = FoundConstraint(
        name="kinds", kind="c", columns=("kind",), definition="CHECK (x OR z)", expression="x OR z",
        refuses=("task",), comment="Theirs\nsmart-agent: widened CHECK (x)",
    )  # fmt: skip
    assert plan(Note, table(constraints=(check, KNOWN))) == [
        WidenCheck(
            name="kinds", column="kind", words=("task",), expression="x OR z", definition="CHECK (x)",
            comment="Theirs",
        )
    ]  # fmt: skip


def test_undo_takes_only_what_is_marked() -> None:
    index = FoundIndex(name="notes_text", columns=("text",), comment="smart-agent: added")
    check = replace(KNOWN, name="ours", comment="smart-agent: added")
    widened = replace(KNOWN, name="kinds", comment="smart-agent: widened CHECK (x)")
    relaxed = FoundColumn(name="tenant", type="uuid", comment="Whose\nsmart-agent: relaxed NOT NULL")
    filled = replace(SLUG, comment="smart-agent: set a default")
    columns = (TEXT, added("kind"), relaxed, filled)
    found = table(*columns, indexes=(KEY, index), constraints=(KNOWN, check, widened))
    assert undo(found) == [
        DropConstraint(name="ours"),
        DropIndex(name="notes_text"),
        DropColumn(column="kind"),
        RestoreCheck(name="kinds", definition="CHECK (x)"),
        RestoreNotNull(column="tenant", comment="Whose"),
        DropDefault(column="slug"),
    ]


@pytest.mark.parametrize("theirs", [None, "Whose", "two\nlines"])
def test_the_ledger_keeps_what_they_wrote(theirs: str | None) -> None:
    comment = ownership_marks.marked(theirs, ownership_marks.ADDED)
    assert (ownership_marks.theirs(comment), ownership_marks.entry(comment)) == (theirs, "added")
    assert (ownership_marks.theirs(theirs), ownership_marks.entry(theirs)) == (theirs, "")
