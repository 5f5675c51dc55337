"""Whatever may be due has words."""

from datetime import timedelta

import pytest

from smartagent.adoption import changes
from smartagent.adoption.changes import SchemaChange
from smartagent.adoption.sync import sync_changes
from smartagent.doctor.schema_findings import about, finding_of, problem_of

# What is only done when a database is given back.
BACKWARDS = ("DropColumn", "DropConstraint", "DropIndex", "DropDefault", "RestoreNotNull", "RestoreCheck",
             "DropFunction", "DropTrigger", "DropPolicies", "EmptyRows", "WithdrawPeople")  # fmt: skip
FORWARDS = [each for each in SchemaChange.__subclasses__() if each.__name__ not in BACKWARDS]


@pytest.mark.parametrize("kind", [each for each in FORWARDS if each is not changes.LeaveAlone])
def test_every_change_that_may_be_due_is_said(kind: type[SchemaChange]) -> None:
    assert problem_of.dispatch(kind) is not problem_of.dispatch(SchemaChange)


@pytest.mark.parametrize(
    ("change", "severity", "repairable"),
    [
        (changes.AddColumn(field="a", column="a", nullable=True), "error", True),
        (changes.Validate(name="c"), "warning", True),
        (changes.LeaveAlone(what="check c", why="anything"), "info", False),
        (changes.LeaveAlone(what="column c", why="it is text"), "warning", False),
        (changes.LeaveAlone(what="trigger t", why="no right"), "warning", False),
        (sync_changes.FillRows(what="status of old rows", rows=2), "warning", True),
        (sync_changes.MakeTrigger(name="t"), "error", True),
    ],
)
def test_how_bad_it_is(change: SchemaChange, severity: str, repairable: bool) -> None:
    found = finding_of("table", change)
    assert (found.severity.value, found.repairable) == (severity, repairable)
    assert found.problem.endswith(".")
    assert found.fix.endswith(".")


@pytest.mark.parametrize(("seconds", "words"), [(0, "0"), (40, "40s"), (61, "1m"), (7_265, "2h 1m"), (90_061, "1d 1h")])
def test_about(seconds: int, words: str) -> None:
    assert about(timedelta(seconds=seconds)) == words
