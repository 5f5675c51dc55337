"""A pool in transaction mode is known by two open connections that one process of the server answers."""

from itertools import cycle
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from smartagent.postgres import pooler
from smartagent.postgres.pooler import is_shared_between_transactions


class Through:
    """A connection through a pool, which names itself `named` and is answered by `processes`, one after the other."""

    def __init__(self, named: int, *processes: int) -> None:
        self.connection = SimpleNamespace(info=SimpleNamespace(backend_pid=named))
        self.processes = cycle(processes)

    def copy(self) -> "Through":
        return self

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("named", "processes", "shared"),
    [
        (7, [7], False),  # no pool
        (9, [7], True),  # every transaction goes to the process that is free
        (9, [1, 2, 3], False),  # a process of its own for each session
    ],
)
def test_a_pool_in_transaction_mode(
    named: int, processes: list[int], shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered(through: Any) -> int:
        return int(next(through.processes))

    monkeypatch.setattr(pooler, "_process", answered)
    through: Any = Through(named, *processes)
    assert is_shared_between_transactions(through) is shared


@pytest.mark.django_db
def test_the_server_itself_is_no_pool() -> None:
    connection.ensure_connection()
    assert not is_shared_between_transactions(connection)
