"""With the scoping in Python taken away, no request of a member changes, shows or refers to what is somebody else's."""

import json
import sys

import pytest
from django.db import InternalError, connection
from drf_spectacular.generators import SchemaGenerator

from smartagent.migrations._policies import VISIBLE
from tests.smartagent.permissions.addresses import LEGACY, address_of, legacy_body
from tests.smartagent.permissions.matrix import matrix
from tests.smartagent.permissions.routes import PARAMETER
from tests.smartagent.rest.request_bodies import request_of
from tests.smartagent.row_security.test_wall import unscoped

__all__ = ["unscoped"]
ROWS = [row for row in matrix() if not row.startswith("GET ")]
OF_API = [row for row in ROWS if row.partition(" ")[2].startswith(("/api/", *LEGACY))]
SHARED = ("data-sources", "metric-queries", "service-accounts", "runs")  # nobody's own


@pytest.fixture(scope="module")
def operations():
    """The description of each operation of the API, by its method and path."""
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    return {f"{method.upper()} {path}": each for path, methods in paths.items() for method, each in methods.items()}


@pytest.fixture
def sound(operations, things):
    """The body of each row of the API, with the ids of Bob's things."""
    known = things["bob"] | {"soon": "2026-03-02T10:00:00Z", "later": "2030-03-02T10:00:00Z"}
    described = {row: operations.get(PARAMETER.sub("{id}", row)) for row in OF_API}
    assert len([row for row, each in described.items() if each]) >= 88
    return {row: (each and request_of(each["operationId"], each, known)) or {} for row, each in described.items()}


class Watch:
    """What requests change, or show, of Bob's."""

    def __init__(self, things):
        self.keys = {key for word, key in things["bob"].items() if len(key) == 36 and word not in SHARED}
        self.found, self.calls = {}, 0

    def rows(self):
        """All rows that mention something of Bob's."""
        tables = " UNION ALL ".join(f"SELECT '{table}', t::text FROM {table} t" for table in sorted(VISIBLE))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({tables}) q (name, row) WHERE row ~ %s", ["|".join(sorted(self.keys))])
            return set(cursor.fetchall())

    def call(self, row, caller, body, query="", *, form=False):
        address = address_of(row, caller.things) + query
        sent = address + json.dumps(body)
        before = self.rows()

        def judge(answer):
            try:
                changed = before ^ self.rows()
            except InternalError:  # the transaction has failed: nothing of it stays
                changed = set()
            text = b"" if answer.streaming else answer.content
            shown = [key for key in self.keys if key in text.decode(errors="replace") and key not in sent]
            if changed or shown:
                self.found[f"{row}{query} {body}" if form else row] = sorted({name for name, _ in changed}), shown

        self.calls += 1
        return caller.call(row, address, body, judge, form=form)


def body_for(row, caller, sound):
    route = row.partition(" ")[2]
    if row not in OF_API:
        return {} if route.startswith(("/write", "/v1/")) else None
    if row.startswith("DELETE"):
        return None
    return legacy_body(route, caller) if route.startswith(LEGACY) else sound[row]


def called(things, caller, rows, sound):
    watch = Watch(things)
    answers = {row: watch.call(row, caller, body_for(row, caller, sound)) for row in rows}
    return watch, answers


@pytest.mark.usefixtures("only_permissions", "no_limits", "unscoped")
@pytest.mark.parametrize(("name", "rows"), [("other", ROWS), ("member:other", OF_API), ("jwt:other", OF_API)])
def test_a_member_changes_nothing_of_others(sound, callers, things, name, rows, capsys):
    watch, answers = called(things, callers[name], rows, sound)
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {watch.calls:,} changes without the scoping, {len(watch.found):,} leaks\n")
    assert watch.found == {}
    assert [row for row, answer in answers.items() if answer == "500"] == []


@pytest.mark.usefixtures("only_permissions", "no_limits")
def test_an_auditor_changes_nothing(sound, callers, things):
    watch, _ = called(things, callers["auditor"], ROWS, sound)
    assert {row: tables for row, (tables, _) in watch.found.items() if tables} == {}


@pytest.mark.usefixtures("only_permissions", "no_limits", "unscoped")
def test_without_the_wall_much_would_be_changed(sound, callers, things, settings):
    settings.ROW_LEVEL_SECURITY = False
    watch, _ = called(things, callers["other"], OF_API, sound)
    assert len([tables for tables, _ in watch.found.values() if tables]) > 25
