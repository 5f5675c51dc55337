"""Functions and triggers as SQL, compared with those in the database."""

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import ownership_marks

QUOTE = "$smartagent$"
# Roles of the old application's interface, which may execute every function by default.
PUBLIC_ROLES = ("anon", "authenticated", "service_role")


@dataclass(frozen=True, kw_only=True)
class Routine:
    """A SECURITY DEFINER function; `arguments`: pairs of name and type; `callers`: the roles that may execute it."""

    name: str
    body: str
    arguments: tuple[tuple[str, str], ...] = ()
    returns: str = "trigger"
    callers: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(kind for _, kind in self.arguments)})"

    def create(self, search_path: str) -> str:
        arguments = ", ".join(f"{name} {kind}" for name, kind in self.arguments)
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}({arguments}) RETURNS {self.returns}\n"
            f"LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path}\n"
            f"AS {QUOTE}{self.body}{QUOTE}"
        )

    def is_there(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether the database has a function with this signature, whatever its body."""
        return bool(_one(connection, "SELECT 1 FROM pg_proc WHERE oid = to_regprocedure(%s)", [self.signature]))

    def is_the_same(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether the database has the same function, with the same rights, and no other role may execute it."""
        strangers = [name for name in PUBLIC_ROLES if name not in self.callers]
        found = _one(connection, FUNCTION_SQL, [strangers, self.signature])
        return found == (self.body, True, [f"search_path={search_path(connection)}"], False)

    def make(self, connection: BaseDatabaseWrapper) -> list[str]:
        """Return the statements that create it, executable by its owner only.

        That includes trigger functions: a role with EXECUTE could attach one to a table of its own, with forged rows.
        """
        roles = ", ".join(("PUBLIC", *known_roles(connection, PUBLIC_ROLES)))
        revoke = f"REVOKE ALL ON FUNCTION {self.signature} FROM {roles}"
        return [self.create(search_path(connection)), revoke]


@dataclass(frozen=True, kw_only=True)
class RoutinePlace:
    """A table, by the name under which PostgreSQL shows it on this connection, and the account's rights on it."""

    oid: int
    name: str
    created: bool
    may_trigger: bool
    may_read: bool


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A trigger that executes `function`; `timing` and `level` as PostgreSQL writes them: `BEFORE INSERT OR UPDATE`."""

    name: str
    timing: str
    function: str
    level: str = "FOR EACH ROW"

    def create(self, place: RoutinePlace) -> str:
        return "CREATE OR REPLACE " + self._definition(place).removeprefix("CREATE ")

    def is_the_same(self, connection: BaseDatabaseWrapper, place: RoutinePlace) -> bool:
        """Whether the table has a trigger with this definition, and it is enabled."""
        found = _one(connection, TRIGGER, [place.oid, self.name])
        return found is not None and found[0] == self._definition(place) and found[1] in ("O", "A")

    def is_there(self, connection: BaseDatabaseWrapper, place: RoutinePlace) -> bool:
        return _one(connection, TRIGGER, [place.oid, self.name]) is not None

    def _definition(self, place: RoutinePlace) -> str:
        call = f"{self.level} EXECUTE FUNCTION {self.function}()"
        return f"CREATE TRIGGER {self.name} {self.timing} ON {place.name} {call}"


def find_place(connection: BaseDatabaseWrapper, table: str) -> RoutinePlace | None:
    """Return the table named `table` or `schema.table`, None if there is none; needs no right on the schema."""
    schema, _, name = table.rpartition(".")
    found = _one(connection, PLACE, [name, schema or None, schema or None])
    if found is None:
        return None
    oid, shown, comment, may_trigger, may_read = found
    created = ownership_marks.entry(comment) == ownership_marks.CREATED
    return RoutinePlace(oid=oid, name=shown, created=created, may_trigger=may_trigger, may_read=may_read)


def search_path(connection: BaseDatabaseWrapper) -> str:
    """Return the search path for a function that others call: pg_catalog, the current schema, pg_temp.

    System schemas come first and temporary tables last, so that nobody can shadow a table or function.
    """
    found = _one(connection, SCHEMAS, [])
    return ", ".join(name for name in ("pg_catalog", found[0] if found else None, "pg_temp") if name)


def known_roles(connection: BaseDatabaseWrapper, names: tuple[str, ...]) -> list[str]:
    """Return those of `names` that exist as roles of this server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) ORDER BY rolname", [list(names)])
        return [name for (name,) in cursor.fetchall()]


def _one(connection: BaseDatabaseWrapper, query: str, params: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


SCHEMAS = """
SELECT string_agg(quote_ident(name), ', ') FROM unnest(current_schemas(false)) name WHERE name <> 'pg_catalog'"""

# Without a list of rights everybody may execute it; grantee 0 is everybody.
FUNCTION_SQL = """
SELECT prosrc, prosecdef, proconfig,
       proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
                                  WHERE a.grantee = 0 OR r.rolname = ANY(%s))
FROM pg_proc WHERE oid = to_regprocedure(%s)"""

TRIGGER = "SELECT pg_get_triggerdef(oid, true), tgenabled::text FROM pg_trigger WHERE tgrelid = %s AND tgname = %s"

PLACE = """
SELECT c.oid::bigint, c.oid::regclass::text, obj_description(c.oid, 'pg_class'),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'TRIGGER'),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %s AND c.relkind IN ('r', 'p')
  AND CASE WHEN %s::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = %s END"""
