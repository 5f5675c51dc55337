"""Each route is called as each caller of the matrix, and answers as it says."""

import sys

import pytest

from tests.smartagent.permissions.addresses import address_of, body_of
from tests.smartagent.permissions.matrix import matrix
from tests.smartagent.permissions.routes import rows, views_of_the_api

CELLS = 7_462  # at least so many: a column that is left out is no success
MATRIX = matrix()


def test_every_route_has_a_row():
    found = rows()
    assert [row for row in found if row not in MATRIX] == [], "routes without a row in matrix.txt"
    assert [row for row in MATRIX if row not in found] == [], "rows of no route"


def test_the_versioned_paths_have_the_same_views():
    versioned = views_of_the_api("api/v1/")
    own = {"alertmanager", "write", "rules", "alerts"}  # those of Prometheus: they have rows
    unversioned = {route: view for route, view in views_of_the_api("api/").items() if not route.startswith("v")}
    assert {route: view for route, view in versioned.items() if route not in own} == unversioned


@pytest.mark.usefixtures("only_permissions", "no_limits")
def test_every_answer_is_that_of_the_matrix(callers, capsys):
    wrong = [
        f"{row} as {name}: {answer}, not {expected}"
        for row, answers in MATRIX.items()
        for name, expected in answers.items()
        for answer in [callers[name].call(row, address_of(row, callers[name].things), body_of(row, callers[name]))]
        if answer != expected
    ]
    cells = sum(map(len, MATRIX.values()))
    with capsys.disabled():
        sys.stdout.write(f"\nPermissions: {cells:,} cells of {len(MATRIX):,} rows, {len(wrong):,} wrong\n")
    assert wrong == []
    assert cells >= CELLS
