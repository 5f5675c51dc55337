"""Before and after as rows: named, without what did not change, and without secrets."""

import pytest

from optimizer.text.step_changes import HIDDEN, evidence, parameters, recorded_changes


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ({"minutes": 5}, {"minutes": 10}, [("minutes", "5", "10")]),
        ({"minutes": 5}, {"minutes": 5}, []),
        ({}, {"sync_interval_minutes": 10}, [("sync interval minutes", "–", "10")]),
        ({"weights": {"id-1": "0.500000000"}}, {"weights": {"id-1": "0.6"}}, [("weights: coverage", "0.5", "0.6")]),
        ({"status": "error"}, {"status": "active", "found": [], "none": None}, [("status", "error", "active")]),
        ({"on": False}, {"on": True}, [("on", "no", "yes")]),
        (None, None, []), ("what", [1], []),
        ({"score_row": "a"}, {"score_row": "b"}, []),
    ],
)  # fmt: skip
def test_recorded_changes(before, after, rows):
    found = recorded_changes(before, after, {"id-1": "coverage"})
    assert [(change.what, change.before, change.after) for change in found] == rows


@pytest.mark.parametrize("name", ["access_token", "client_secret", "password", "credentials", "sealed", "api_key"])
def test_secrets_are_never_shown(name):
    (change,) = recorded_changes({name: "old-one"}, {name: "new-one"}, {})
    assert (change.before, change.after) == (HIDDEN, HIDDEN)
    assert parameters({name: "s3cret"}) == [(name.replace("_", " "), HIDDEN)]


def test_when_a_token_runs_out_is_no_secret():
    (change,) = recorded_changes({"token_expires_at": "2026-03-02"}, {"token_expires_at": "2026-04-02"}, {})
    assert (change.before, change.after) == ("2026-03-02", "2026-04-02")


def test_lists_of_objects_are_tables_and_no_changes():
    after = {"statements": [{"statement": "SELECT 1", "mean_ms": 1.25}], "tables": []}
    assert recorded_changes({}, after, {}) == []
    (table,) = evidence(after)
    assert (table.title, table.columns, table.rows) == ("Statements", ["statement", "mean ms"], [["SELECT 1", "1.25"]])
