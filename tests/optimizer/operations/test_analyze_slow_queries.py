"""analyze_slow_queries collects evidence, and changes nothing."""

import pytest
from django.db import connection

from tests.optimizer.step_cast import done, task


@pytest.mark.django_db(transaction=True)
def test_a_large_table_that_is_read_without_an_index_is_named(alice, now):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE heap AS SELECT n FROM generate_series(1, 20000) n")
        try:
            cursor.execute("ANALYZE heap")
            cursor.execute("SELECT count(*) FROM heap")
            cursor.execute("SELECT pg_stat_force_next_flush()")
            what = done("analyze_slow_queries", task(alice, now))
        finally:
            cursor.execute("DROP TABLE heap")
    (heap,) = (table for table in what.after["tables"] if table["table"] == "heap")
    assert heap["rows"] >= 20_000
    assert heap["rows_read"] >= 20_000
    assert "1 large table read without an index" in what.result


def test_where_statements_are_not_counted_it_says_so(alice, now):
    what = done("analyze_slow_queries", task(alice, now))
    assert what.after["statements"] is None
    assert what.result.startswith("pg_stat_statements is not installed; 0 large tables")


def test_an_extension_that_the_server_has_not_loaded_is_no_failure(alice, now):
    """As PostgreSQL answers where it is made, but not in shared_preload_libraries."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION refuse() RETURNS oid LANGUAGE plpgsql AS 'BEGIN RAISE ''not loaded''; END'")
        cursor.execute(
            """CREATE VIEW pg_stat_statements AS SELECT 'select 1'::text AS query, 1 AS calls, 1.0 AS total_exec_time,
                                                        1.0 AS mean_exec_time, refuse() AS dbid"""
        )
    assert done("analyze_slow_queries", task(alice, now)).after["statements"] is None


def test_the_costliest_come_first_and_what_holds_a_password_is_left_out(alice, now):
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE VIEW pg_stat_statements AS
               SELECT query, 3 AS calls, ms AS total_exec_time, ms / 3 AS mean_exec_time,
                      (SELECT oid FROM pg_database WHERE datname = current_database()) AS dbid
                 FROM (VALUES ('SELECT  $1
                               FROM cheap', 1.0), ('  update dear SET a = $1', 900.0),
                              ('ALTER ROLE x PASSWORD ''hunter2''', 9000.0), ('WITH a AS (SELECT 1) TABLE a', 30.0))
                      AS rows (query, ms)"""
        )
    found = done("analyze_slow_queries", task(alice, now)).after["statements"]
    assert [each["statement"].strip() for each in found] == [
        "update dear SET a = $1", "WITH a AS (SELECT 1) TABLE a", "SELECT $1 FROM cheap",
    ]  # fmt: skip
    assert found[0] == {"statement": " update dear SET a = $1", "calls": 3, "ms": 900, "mean_ms": 300.0}
