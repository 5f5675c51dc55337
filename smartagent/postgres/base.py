"""Django's PostgreSQL backend, with an embedded server, errors of one line, and pools that survive a fork."""

import atexit
import os
from contextlib import suppress
from typing import Any, ClassVar

import psycopg
from django.db import connections
from django.db.backends.postgresql import base
from django.db.utils import NotSupportedError
from psycopg_pool import ConnectionPool, PoolTimeout

from smartagent.kernel.member_cursor import BindingCursor, Cursor, ServerSideCursor, role_of
from smartagent.postgres import embedded
from smartagent.postgres.client import DatabaseClient
from smartagent.postgres.creation import DatabaseCreation
from smartagent.postgres.errors import PoolExhausted, TooOld, explain, place
from smartagent.postgres.far_times import with_far_times
from smartagent.postgres.pool_metrics import note, taking
from smartagent.postgres.schema import SchemaEditor

Pool = ConnectionPool[Any]


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection, to the server of DATABASE_URL or to the embedded one."""

    client_class = DatabaseClient
    creation_class = DatabaseCreation
    SchemaEditorClass = SchemaEditor
    _connection_pools: ClassVar[dict[str, Pool]] = {}

    @property
    def pool(self) -> Pool | None:
        """The pool of this process. One opened for another database is closed: tests change the name."""
        if not self.settings_dict["OPTIONS"].get("pool"):
            return None
        known = self._connection_pools.get(self.alias)
        params = known.kwargs if known else None
        if known and isinstance(params, dict) and params.get("dbname") != self.settings_dict["NAME"]:
            self._connection_pools.pop(self.alias, None)
            known.close()
        found: Pool | None = super().pool
        return found

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params["context"] = with_far_times(params["context"], self.timezone)
        params["cursor_factory"] = BindingCursor if self._binds_on_server() else Cursor
        if folder := self.settings_dict.get("EMBEDDED"):
            params |= embedded.address(folder, self.settings_dict.get("EMBEDDED_OPTIONS"))
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; if the embedded server is gone, bring it back and try once more."""
        try:
            return self._connected(conn_params)
        except psycopg.OperationalError as error:
            folder = self.settings_dict.get("EMBEDDED")
            if not folder or isinstance(error, PoolTimeout):
                raise explain(error, conn_params) from error
            embedded.restart(folder, self.settings_dict.get("EMBEDDED_OPTIONS"))
        try:
            return self._connected(conn_params)
        except psycopg.OperationalError as error:
            raise explain(error, conn_params) from error

    def _connected(self, params: dict[str, Any]) -> Any:
        # A pool only says that it waited in vain; a connection of our own says why.
        if self.pool and self.pool.closed:
            self._probe(params)
        try:
            with taking(self.pool):
                return super().get_new_connection(params)
        except PoolTimeout as error:
            self._probe(params)
            return self._connected_again(params, error)

    def _connected_again(self, params: dict[str, Any], error: PoolTimeout) -> Any:
        """The server answers: ask the pool once more, which may have stopped trying just before it did."""
        if self.pool and self.pool.get_stats()["pool_size"] < self.pool.max_size:
            with suppress(PoolTimeout):
                return super().get_new_connection(params)
        raise PoolExhausted(
            f"All connections of this process to {place(params)} are in use: "
            "serve with fewer threads, or with more processes."
        ) from error

    def _probe(self, params: dict[str, Any]) -> None:
        self.Database.connect(**params).close()

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor whose statements run in the role of the request; a named one lives as long as its transaction."""
        if name is None:
            return super().create_cursor()
        return ServerSideCursor(self.connection, name=name, scrollable=False, withhold=self.connection.autocommit)

    def chunked_cursor(self) -> Any:
        """A cursor in the database. Outside of a transaction it would be one of the session, which belongs to nobody
        where a pool is in between, and to the account rather than to the member: then all rows are fetched."""
        of_session = not self.in_atomic_block
        if of_session and (getattr(self, "member", None) is not None or self.settings_dict.get("DIRECT")):
            return self.cursor()
        return super().chunked_cursor()

    def _binds_on_server(self) -> bool:
        return self.settings_dict["OPTIONS"].get("server_side_binding") is True

    def _close(self) -> None:
        """A connection goes back to the pool as it came."""
        pool = None
        if self.connection is not None:
            role_of(self.connection).want(None)
            pool = self._connection_pools.get(self.alias)
        super()._close()  # type: ignore[misc]
        note(pool)

    def check_database_version_supported(self) -> None:
        try:
            super().check_database_version_supported()
        except NotSupportedError:
            found = ".".join(map(str, self.get_database_version()))
            where = place(self.get_connection_params())
            raise TooOld(f"{where} is version {found}: Smart Agent needs PostgreSQL 14 or newer.") from None


# What a forked child inherits is kept for good: to destroy it would stop threads that are not there,
# and to close it would end the parent's sessions.
_inherited: list[Any] = []


def _forget_inherited() -> None:
    """In a forked child: let go of the parent's pools and connections; the next query opens new ones."""
    _inherited.extend(DatabaseWrapper._connection_pools.values())
    DatabaseWrapper._connection_pools.clear()
    for wrapper in connections.all(initialized_only=True):
        if isinstance(wrapper, DatabaseWrapper) and wrapper.connection is not None:
            _inherited.append(wrapper.connection)
            wrapper.connection = None


def _close_pools() -> None:
    """At the end: say goodbye to the server before it is stopped."""
    for pool in list(DatabaseWrapper._connection_pools.values()):
        pool.close()


os.register_at_fork(after_in_child=_forget_inherited)
atexit.register(_close_pools)
