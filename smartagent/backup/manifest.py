"""What a backup says of itself: by what it was made, of what, and what it holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from django.db.migrations.loader import MigrationLoader
from psycopg import Connection, sql

from smartagent.backup.errors import BackupError, NotABackup
from smartagent.kernel.formats import counted
from smartagent.kernel.times import read_time

FORMAT = 1
MAX_NAMED = 4
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY (current_schemas(false))
 ORDER BY 1, 2"""
APPLIED = "SELECT app, name FROM django_migrations ORDER BY app, name"
IS_MIGRATED = "SELECT to_regclass('django_migrations') IS NOT NULL"
# Other roles than the owner that rights and policies name.
ROLES = """
SELECT DISTINCT r.rolname FROM pg_roles r
 WHERE r.oid IN (SELECT a.grantee FROM pg_class c, aclexplode(c.relacl) a
                  WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           UNION SELECT a.grantee FROM pg_proc p, aclexplode(p.proacl) a
                  WHERE p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           UNION SELECT a.grantee FROM pg_namespace n, aclexplode(n.nspacl) a
                  WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
           UNION SELECT unnest(polroles) FROM pg_policy)
   AND r.rolname NOT LIKE 'pg\\_%%' AND r.rolname <> current_user
 ORDER BY 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a database holds: its applied migrations as `app.name`, and the rows of each table."""

    migrations: tuple[str, ...]
    tables: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`sha256` and `bytes` are of the dump; `key` is the fingerprint of the SECRET_KEY that encrypts its secrets."""

    version: str
    created_at: datetime
    database: str
    server_major: int
    server_version: str
    pg_dump: int
    migrations: tuple[str, ...]
    tables: Mapping[str, int]
    roles: tuple[str, ...]
    key: str
    with_keys: bool
    sha256: str
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        return {"format": FORMAT} | asdict(self) | {"created_at": self.created_at.isoformat()}

    @classmethod
    def of(cls, written: Any) -> Self:
        """The manifest that `as_dict` has written; NotABackup where it cannot be read."""
        if not isinstance(written, dict) or not isinstance(written.get("format"), int):
            raise NotABackup("its manifest cannot be read")
        if written["format"] > FORMAT:
            raise BackupError(
                f"The backup was made by a newer Smart Agent ({written.get('version')}): update this one."
            )
        try:
            return cls(
                version=str(written["version"]), created_at=read_time(written["created_at"]),
                database=str(written["database"]), server_major=int(written["server_major"]),
                server_version=str(written["server_version"]), pg_dump=int(written["pg_dump"]),
                migrations=tuple(map(str, written["migrations"])),
                tables={str(name): int(rows) for name, rows in written["tables"].items()},
                roles=tuple(map(str, written["roles"])), key=str(written["key"]),
                with_keys=bool(written["with_keys"]), sha256=str(written["sha256"]), bytes=int(written["bytes"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotABackup("its manifest lacks something") from error

    def differences(self, found: Contents) -> list[str]:
        """How a restored database differs from what the manifest says, in words; nothing where it does not."""
        said = []
        if missing := set(self.migrations) ^ set(found.migrations):
            said.append(f"migrations differ: {named(missing)}")
        for name in sorted({*self.tables, *found.tables}):
            before, after = self.tables.get(name), found.tables.get(name)
            if before != after:
                said.append(f"{name}: {_rows(before)} in the backup, {_rows(after)} restored")
        return said


def contents_of(connection: "Connection[Any]") -> Contents:
    """Count what is in the database, in the transaction of the connection."""
    tables = connection.execute(TABLES).fetchall()
    counts = {f"{schema}.{name}": _count(connection, schema, name) for schema, name in tables}
    migrated = connection.execute(IS_MIGRATED).fetchone()
    applied = connection.execute(APPLIED).fetchall() if migrated and migrated[0] else []
    return Contents(migrations=tuple(f"{app}.{name}" for app, name in applied), tables=counts)


def unknown_migrations(manifest: Manifest) -> list[str]:
    """The migrations of a backup that this version does not know: it was made by a newer one."""
    loader = MigrationLoader(None)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    apps = {app for app, _ in loader.disk_migrations}
    return [each for each in manifest.migrations if each.partition(".")[0] in apps and each not in known]


def pending_migrations(manifest: Manifest) -> list[str]:
    """The migrations of this version that a backup lacks."""
    return sorted({f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations} - set(manifest.migrations))


def named(names: Any) -> str:
    """A few of the names, and how many more there are."""
    names = sorted(names)
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


def _count(connection: "Connection[Any]", schema: str, name: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))).fetchone()
    return int(row[0]) if row else 0


def _rows(count: int | None) -> str:
    return "no such table" if count is None else counted(count, "row")
