"""A partitioned table in place of one that is in use: its rows stay where they are, in the first partition.

An empty table is replaced in one transaction. Of one with rows:

1. It promises to hold nothing from the month after next on: ADD CHECK NOT VALID (ACCESS EXCLUSIVE, for a moment);
2. rows of such times move to what becomes the default partition (ROW EXCLUSIVE: others read and write);
3. VALIDATE CONSTRAINT reads the table (SHARE UPDATE EXCLUSIVE: others read and write);
4. the table is renamed, a partitioned one takes its name, and it is attached, in one transaction: the CHECK, its index
   and its foreign keys need no look at the rows (ACCESS EXCLUSIVE on it, SHARE ROW EXCLUSIVE on referenced tables, for
   milliseconds).

An interrupted run is completed by the next. Each lock is requested by `patiently`.
"""

from datetime import UTC, datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from smartagent.adoption.lock_retries import patiently
from smartagent.adoption.partitions.ahead import create_like, make_default
from smartagent.adoption.partitions.months import month_after, month_of
from smartagent.postgres.clients import revoke_from_clients

MIN_TIME_LEFT = timedelta(days=7)  # of a bound that an interrupted run has set
BOUND_SQL = r"""
SELECT (regexp_match(pg_get_constraintdef(oid), '''([^'']+)'''))[1]::timestamptz FROM pg_constraint
 WHERE conrelid = to_regclass(quote_ident(%s)) AND conname = %s"""
KEYS_SQL = """
SELECT conname, contype = 'p', pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = to_regclass(quote_ident(%s)) AND contype IN ('p', 'f') AND convalidated ORDER BY contype DESC"""
NATURE_SQL = """
SELECT obj_description(oid, 'pg_class'), relrowsecurity,
       ARRAY(SELECT format('GRANT %%s ON TABLE %%s TO %%s', privilege_type, quote_ident(%s),
                           CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
               FROM aclexplode(relacl) WHERE grantee <> relowner)
  FROM pg_class WHERE oid = to_regclass(quote_ident(%s))"""


def take_over(connection: BaseDatabaseWrapper, table: str, column: str, now: datetime) -> bool:
    """Make the table a partitioned one; return whether it had rows."""
    what = f"{table}: partitioned by month"
    if patiently(connection, what, lambda: _replace_empty(connection, table, column, now), table):
        return False
    patiently(connection, what, lambda: _promise(connection, table, column, now), table)
    bound = _promised(connection, table)
    with connection.cursor() as cursor:
        _move_far(cursor, table, column, bound)
        cursor.execute(
            f"ALTER TABLE {_quoted(cursor, table)} VALIDATE CONSTRAINT {_quoted(cursor, _promise_of(table))}"
        )
    patiently(connection, what, lambda: _replace(connection, table, column, bound), table)
    return True


def _replace_empty(connection: BaseDatabaseWrapper, table: str, column: str, now: datetime) -> bool:
    with connection.cursor() as cursor:
        name = _quoted(cursor, table)
        cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
        if cursor.fetchone()[0]:
            return False
        cursor.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
        if cursor.fetchone()[0]:
            return False
    _replace(connection, table, column, month_of(now))
    return True


def _promise(connection: BaseDatabaseWrapper, table: str, column: str, now: datetime) -> None:
    bound, promise = _promised(connection, table), _promise_of(table)
    if bound > now + MIN_TIME_LEFT:
        return
    with connection.cursor() as cursor:
        name, check = _quoted(cursor, table), _quoted(cursor, promise)
        cursor.execute(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {check}")
        sql = f"ALTER TABLE {name} ADD CONSTRAINT {check} CHECK ({_quoted(cursor, column)} < %s) NOT VALID"
        cursor.execute(sql, [month_after(month_after(month_of(now)))])


def _promised(connection: BaseDatabaseWrapper, table: str) -> datetime:
    """The bound of the CHECK; the beginning of time where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(BOUND_SQL, [table, _promise_of(table)])
        found = cursor.fetchone()
    return found[0] if found else datetime.min.replace(tzinfo=UTC)


def _move_far(cursor: CursorWrapper, table: str, column: str, bound: datetime) -> None:
    create_like(cursor, table, f"{table}_default")
    name, default, time = _quoted(cursor, table), _quoted(cursor, f"{table}_default"), _quoted(cursor, column)
    cursor.execute(
        f"""WITH far AS (DELETE FROM {name} WHERE {time} >= %s RETURNING *)
            INSERT INTO {default} SELECT * FROM far""",
        [bound],
    )


def _replace(connection: BaseDatabaseWrapper, table: str, column: str, bound: datetime) -> None:
    before = f"{table}_before"
    with connection.cursor() as cursor:
        new, old = _quoted(cursor, table), _quoted(cursor, before)
        cursor.execute(NATURE_SQL, [table, table])
        comment, is_secured, grants = cursor.fetchone()
        cursor.execute(KEYS_SQL, [table])
        keys = cursor.fetchall()
        cursor.execute(f"ALTER TABLE {new} RENAME TO {old}")
        like = f"(LIKE {old} INCLUDING DEFAULTS INCLUDING COMMENTS INCLUDING STORAGE)"
        cursor.execute(f"CREATE TABLE {new} {like} PARTITION BY RANGE ({_quoted(cursor, column)})")
        cursor.execute(f"COMMENT ON TABLE {new} IS %s", [comment])
        revoke_from_clients(cursor, table)
        for grant in grants:
            cursor.execute(grant)
        if is_secured:
            cursor.execute(f"ALTER TABLE {new} ENABLE ROW LEVEL SECURITY")
        _add_keys(cursor, table, before, keys)
        cursor.execute(f"ALTER TABLE {new} ATTACH PARTITION {old} FOR VALUES FROM (MINVALUE) TO (%s)", [bound])
        cursor.execute(f"ALTER TABLE {old} DROP CONSTRAINT IF EXISTS {_quoted(cursor, _promise_of(table))}")
    make_default(connection, table)


def _add_keys(cursor: CursorWrapper, table: str, before: str, keys: list[tuple[str, bool, str]]) -> None:
    """Give the new table the keys of the old one, whose primary key hands its name over."""
    new, old = _quoted(cursor, table), _quoted(cursor, before)
    for name, is_primary, definition in keys:
        if is_primary:
            cursor.execute(
                f"ALTER TABLE {old} RENAME CONSTRAINT {_quoted(cursor, name)} TO {_quoted(cursor, before + '_pkey')}"
            )
        cursor.execute(f"ALTER TABLE {new} ADD CONSTRAINT {_quoted(cursor, name)} {definition}")


def _promise_of(table: str) -> str:
    return f"{table}_until"


def _quoted(cursor: CursorWrapper, name: str) -> str:
    return str(cursor.db.ops.quote_name(name))
