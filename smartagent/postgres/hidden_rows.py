"""Tables of which row-level security hides rows from our database account: what is not seen would count as nothing.

`known` asks at most every half a minute, for what every page wants to know.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.apps import apps
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.kernel.member_role import as_owner
from smartagent.postgres.errors import Unavailable

HIDDEN_ROWS_TTL = 30.0  # seconds
MAX_TABLES_NAMED = 3

HIDDEN_TABLES_SQL = """
SELECT c.relname, c.oid::regclass::text, quote_ident(current_user), pg_has_role(c.relowner, 'USAGE')
  FROM pg_class c
 WHERE (c.oid = ANY(%s::oid[]) OR c.relname = ANY(%s) AND pg_table_is_visible(c.oid))
   AND c.relkind IN ('r', 'p') AND row_security_active(c.oid) ORDER BY 2"""


class RowsHidden(Unavailable):
    """Row-level security hides rows from our account."""


@dataclass(frozen=True, kw_only=True)
class HiddenTable:
    """A table, as PostgreSQL shows its name; `owned` where our account is an owner of it."""

    name: str
    shown: str
    account: str
    owned: bool

    @property
    def problem(self) -> str:
        return f"Row-level security hides rows from the account {self.account}."

    @property
    def fix(self) -> str:
        """The statement that mends it."""
        if self.owned:
            return f"ALTER TABLE {self.shown} NO FORCE ROW LEVEL SECURITY"
        return f"ALTER ROLE {self.account} BYPASSRLS"


class _HiddenTablesCache:
    """The last result, and its time."""

    seen: ClassVar[tuple[HiddenTable, ...]] = ()
    until: ClassVar[float] = 0.0


def find_hidden(
    connection: BaseDatabaseWrapper, *, oids: Sequence[int] = (), names: Sequence[str] = ()
) -> list[HiddenTable]:
    """Return those of the tables of which rows may be hidden; needs no right to them, nor to their schema."""
    with connection.cursor() as cursor:
        cursor.execute(HIDDEN_TABLES_SQL, [list(oids), list(names)])
        return [
            HiddenTable(name=name, shown=shown, account=account, owned=owned)
            for name, shown, account, owned in cursor.fetchall()
        ]


@as_owner()
def look() -> tuple[HiddenTable, ...]:
    """Return which tables of our models are hidden now."""
    _HiddenTablesCache.seen = tuple(find_hidden(connection, names=model_tables()))
    _HiddenTablesCache.until = time.monotonic() + HIDDEN_ROWS_TTL
    return _HiddenTablesCache.seen


def known() -> tuple[HiddenTable, ...]:
    """Return what was hidden in the last half a minute."""
    return _HiddenTablesCache.seen if time.monotonic() < _HiddenTablesCache.until else look()


def forget() -> None:
    """Let the next who asks look again."""
    _HiddenTablesCache.until = 0.0


def model_tables() -> list[str]:
    """Return the tables that our models need, and the one in which Django notes its migrations."""
    models = [each for each in apps.get_models(include_auto_created=True) if each._meta.managed]
    return ["django_migrations", *sorted({each._meta.db_table for each in models})]


def in_words(tables: Sequence[HiddenTable]) -> str:
    """Two sentences: what is hidden, and the statement for each kind of table."""
    names = ", ".join(each.shown for each in tables[:MAX_TABLES_NAMED])
    more = f" and {len(tables) - MAX_TABLES_NAMED} more tables" if len(tables) > MAX_TABLES_NAMED else ""
    fixes = "; ".join(f"`{each}`" for each in dict.fromkeys(each.fix for each in tables[:MAX_TABLES_NAMED]))
    account = tables[0].account
    return (
        f"Row-level security hides rows of {names}{more} from the database account {account}, so nothing is evaluated. "
        f"Run {fixes} as an administrator of the database; `manage.py doctor` lists every table."
    )
