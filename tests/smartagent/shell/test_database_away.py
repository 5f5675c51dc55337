"""While the database is away the answer is 503 and says so: programs try again, and people know why."""

from contextlib import contextmanager

import pytest
from django.db import connection

from smartagent.kernel.database_away import AWAY
from tests.rules.rule_cast import rule_of


@contextmanager
def cut_at(table):
    """PostgreSQL ends the connection at the first statement about this table."""

    def cut(execute, sql, params, many, context):
        if table in sql:
            execute("SELECT pg_terminate_backend(pg_backend_pid())", None, False, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cut):
        yield


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_cut_is_no_server_error(client_of, olga):
    rule_of(olga)
    client = client_of(olga)
    client.raise_request_exception = False
    with cut_at('FROM "automation_rules"'):
        page = client.get("/rules/")
    connection.close()
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert AWAY in page.content.decode()
    with cut_at('FROM "automation_rules"'):
        answer = client.get("/api/rules/")
    connection.close()
    assert (answer.status_code, answer["Retry-After"], answer.json()) == (503, "5", {"detail": [AWAY]})
    assert client.get("/api/rules/").status_code == 200
