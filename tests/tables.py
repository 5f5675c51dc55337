"""After a test that committed, the tables are as they were before: Django's flush takes as long as many a test.

It truncates all tables, however few have rows, and makes permissions, groups and schedules anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

NAMES = "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
STATE = "SELECT '{0}', md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM public.{0} t"
NEWLY_FILLED = "SELECT '{0}', '' WHERE EXISTS (SELECT FROM public.{0})"


@dataclass(frozen=True)
class Filled:
    """What a table holds."""

    state: str
    rows: bytes


class Tables:
    """The tables of the tests' database, as a migration leaves them."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(NAMES)
            names = [name for (name,) in cursor.fetchall()]
            states = _requested(STATE, names)
            self.filled = {name: Filled(state, _rows(name)) for name, state in states.items() if state}
        self.empty = [name for name in names if name not in self.filled]

    def restore(self) -> None:
        """Bring back what a test has changed."""
        changed = [*_requested(NEWLY_FILLED, self.empty), *self._changed()]
        if not changed:
            return
        with transaction.atomic(), connection.cursor() as cursor:
            # No trigger fires, that of a foreign key neither: all that is there goes, or comes back, together.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(";".join(f"DELETE FROM public.{name}" for name in changed))
            for name in self.filled.keys() & set(changed):
                with cursor.copy(f"COPY public.{name} FROM STDIN") as copy:
                    copy.write(self.filled[name].rows)

    def _changed(self) -> list[str]:
        now = _requested(STATE, self.filled)
        return [name for name, filled in self.filled.items() if now[name] != filled.state]


def _requested(query: str, names: Iterable[str]) -> dict[str, str]:
    """The answer of each table, in one question."""
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(query.format(name) for name in names))
        return dict(cursor.fetchall())


def _rows(name: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY public.{name} TO STDOUT") as copy:
        return b"".join(bytes(part) for part in copy)
