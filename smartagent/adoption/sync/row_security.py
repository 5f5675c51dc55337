"""Row-level security for members: a role without a sign-in, which policies keep to the rows of one person.

Policies of the old application stay: ours are for our role alone. Where a table had no row-level security, it stays
as it was for everybody else.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from smartagent.adoption import ownership_marks
from smartagent.adoption.changes import ACCESS_EXCLUSIVE, LeaveAlone, SchemaChange
from smartagent.adoption.routines import RoutinePlace, find_place
from smartagent.adoption.sync.base import Editor, Synchronising, do, tell
from smartagent.adoption.sync.triggers import MakeHelper
from smartagent.kernel.member_role import MEMBER_ROLE

OWN_POLICY, WALL_POLICY, OTHERS_POLICY = "smartagent_own", "smartagent_wall", "smartagent_others"
POLICIES = (OWN_POLICY, WALL_POLICY, OTHERS_POLICY)
SECURED_SQL = """
SELECT c.relrowsecurity, pg_has_role(c.relowner, 'USAGE'),
       (SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = %s),
       ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = ANY(%s)),
       EXISTS (SELECT FROM aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname = %s)
  FROM pg_class c WHERE c.oid = %s"""
ROLE_SQL = "SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = %s"
MAY_MAKE_ROLES = "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
SEQUENCES_SQL = """
SELECT s.oid::regclass::text FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
 WHERE d.refobjid = %s AND d.deptype IN ('a', 'i')"""
NO_ROLE = (
    f"the account may not make roles, so only queries keep members to their rows; CREATE ROLE {MEMBER_ROLE}; "
    f"GRANT {MEMBER_ROLE} TO this account, then `manage.py doctor --fix`"
)
NOT_OWNED = "the table belongs to another account of the database"


@dataclass(frozen=True, kw_only=True)
class MakeMemberRole(SchemaChange):
    lock = ""

    def __str__(self) -> str:
        return f"role {MEMBER_ROLE} made, without a sign-in"


@dataclass(frozen=True, kw_only=True)
class SecureTable(SchemaChange):
    lock = ACCESS_EXCLUSIVE

    def __str__(self) -> str:
        return "row-level security for members"


@dataclass(frozen=True, kw_only=True)
class DropPolicies(SchemaChange):
    lock = ACCESS_EXCLUSIVE

    def __str__(self) -> str:
        return "row-level security for members removed again"


class MakeRole(Synchronising):
    """The role of members' requests. It belongs to the server, so it stays where other databases use it."""

    def describe(self) -> str:
        return f"Make the role {MEMBER_ROLE}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        if _may_take(connection) and _one(connection, MAY_USE_SCHEMA, [])[0]:
            return []
        return [MakeMemberRole() if _can_be_had(connection) else LeaveAlone(what=f"role {MEMBER_ROLE}", why=NO_ROLE)]

    def forwards(self, editor: Editor) -> None:
        for change in self.lacks(editor.connection):
            if isinstance(change, LeaveAlone):
                tell("functions", change)
            else:
                do(editor, "functions", change, [MAKE_ROLE, LET_USE_SCHEMA])

    def backwards(self, editor: Editor) -> None:
        """Leave the role: other databases of the server may use it, and it has no rights of its own."""
        if _may_take(editor.connection):
            editor.execute(KEEP_OUT_OF_SCHEMA, params=None)


class SecureRows(Synchronising):
    """The rights of members on a table, and policies by which they see the rows that `visible` allows, a condition in
    SQL; without one all rows are the same to everybody. With `reads_only` they may not write there."""

    def __init__(self, table: str, visible: str = "", *, reads_only: bool = False) -> None:
        self.table, self.visible = table, visible
        self.rights = "SELECT" if reads_only else "SELECT, INSERT, UPDATE, DELETE"

    def describe(self) -> str:
        return f"Keep members to their rows of table {self.table}"

    def lacks(self, connection: BaseDatabaseWrapper) -> list[SchemaChange]:
        place = find_place(connection, self.table)
        if place is None or not _can_be_had(connection):
            return []
        found = self._found(connection, place)
        if not found.is_owned:
            return [LeaveAlone(what=f"policy of {MEMBER_ROLE}", why=NOT_OWNED)]
        wanted = self._mark() if self.visible else ""
        return [] if found.is_granted and found.mark == wanted else [SecureTable()]

    def forwards(self, editor: Editor) -> None:
        for change in self.lacks(editor.connection):
            if not isinstance(change, LeaveAlone):
                do(editor, self.table, change, self._statements(editor.connection), self.table)
            elif not editor.collect_sql:
                tell(self.table, change)

    def backwards(self, editor: Editor) -> None:
        place = find_place(editor.connection, self.table)
        found = self._found(editor.connection, place) if place else None
        if place and found and found.is_granted and found.is_owned:
            statements = [f"DROP POLICY {name} ON {place.name}" for name in found.policies]
            if OTHERS_POLICY in found.policies:
                statements.append(f"ALTER TABLE {place.name} DISABLE ROW LEVEL SECURITY")
            statements.append(f"REVOKE ALL ON TABLE {place.name} FROM {MEMBER_ROLE}")
            do(editor, self.table, DropPolicies(), statements, self.table)

    def _found(self, connection: BaseDatabaseWrapper, place: RoutinePlace) -> "_Secured":
        row = _one(connection, SECURED_SQL, [OWN_POLICY, list(POLICIES), MEMBER_ROLE, place.oid])
        return _Secured(row[0], row[1], ownership_marks.entry(row[2]), tuple(row[3]), row[4])

    def _mark(self) -> str:
        return f"members see {hashlib.md5(self.visible.encode(), usedforsecurity=False).hexdigest()[:12]}"

    def _statements(self, connection: BaseDatabaseWrapper) -> list[str]:
        place = find_place(connection, self.table)
        if place is None:
            return []
        found = self._found(connection, place)
        statements = [f"DROP POLICY {name} ON {place.name}" for name in found.policies]
        statements.append(f"GRANT {self.rights} ON TABLE {place.name} TO {MEMBER_ROLE}")
        with connection.cursor() as cursor:
            cursor.execute(SEQUENCES_SQL, [place.oid])
            statements += [f"GRANT USAGE ON SEQUENCE {name} TO {MEMBER_ROLE}" for (name,) in cursor.fetchall()]
        return statements + (self._policies(place, found) if self.visible else [])

    def _policies(self, place: RoutinePlace, found: "_Secured") -> list[str]:
        of_members = f"TO {MEMBER_ROLE} USING ({self.visible}) WITH CHECK ({self.visible})"
        statements = [f"CREATE POLICY {OWN_POLICY} ON {place.name} {of_members}"]
        if found.is_secured and OTHERS_POLICY not in found.policies:  # the old application's may be for everybody
            statements.append(f"CREATE POLICY {WALL_POLICY} ON {place.name} AS RESTRICTIVE {of_members}")
        else:
            others = f"(current_user <> '{MEMBER_ROLE}')"
            statements += [
                f"CREATE POLICY {OTHERS_POLICY} ON {place.name} USING {others} WITH CHECK {others}",
                f"ALTER TABLE {place.name} ENABLE ROW LEVEL SECURITY",
            ]
        mark = ownership_marks.marked(None, self._mark())
        return [*statements, f"COMMENT ON POLICY {OWN_POLICY} ON {place.name} IS '{mark}'"]


class _Secured(NamedTuple):
    """A table as it is: whether it has row-level security, is ours to change, the mark of our policy, our policies, and
    whether the role has rights."""

    is_secured: bool
    is_owned: bool
    mark: str
    policies: tuple[str, ...]
    is_granted: bool


class MakeMemberHelper(MakeHelper):
    """A function for the policies, which the role may execute."""

    def forwards(self, editor: Editor) -> None:
        super().forwards(editor)
        if _may_take(editor.connection):
            editor.execute(f"GRANT EXECUTE ON FUNCTION {self.routine.signature} TO {MEMBER_ROLE}", params=None)


def _can_be_had(connection: BaseDatabaseWrapper) -> bool:
    """Whether the account may take the role, or make it."""
    return _may_take(connection) or bool(_one(connection, MAY_MAKE_ROLES, [])[0])


def _may_take(connection: BaseDatabaseWrapper) -> bool:
    found = _one(connection, ROLE_SQL, [MEMBER_ROLE])
    return bool(found and found[0])


def _one(connection: BaseDatabaseWrapper, query: str, params: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchone()


MAY_USE_SCHEMA = f"SELECT has_schema_privilege('{MEMBER_ROLE}', current_schema(), 'USAGE')"
# In the schema public everybody may.
LET_USE_SCHEMA = f"""
DO $$ BEGIN
    IF NOT has_schema_privilege('{MEMBER_ROLE}', current_schema(), 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO {MEMBER_ROLE}', current_schema());
    END IF;
END $$"""
KEEP_OUT_OF_SCHEMA = f"""
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
                WHERE n.nspname = current_schema() AND r.rolname = '{MEMBER_ROLE}') THEN
        EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM {MEMBER_ROLE}', current_schema());
    END IF;
END $$"""
# Two databases of one server may be migrated at the same time.
MAKE_ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{MEMBER_ROLE}') THEN
        CREATE ROLE {MEMBER_ROLE} NOLOGIN NOBYPASSRLS;
    END IF;
    IF NOT (SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = '{MEMBER_ROLE}') THEN
        EXECUTE format('GRANT {MEMBER_ROLE} TO %I', current_user);
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$"""
