"""Tables that nobody of the web may use from the moment that they are there."""

from typing import Any

from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from smartagent.postgres.clients import clients_here


class SchemaEditor(DatabaseSchemaEditor):
    """Takes each new table from the roles to which the database grants whatever is new."""

    def create_model(self, model: Any) -> None:
        super().create_model(model)
        if roles := self._clients():
            self.execute(f"REVOKE ALL ON TABLE {self.quote_name(model._meta.db_table)} FROM {', '.join(roles)}")

    def _clients(self) -> list[str]:
        with self.connection.cursor() as cursor:
            return clients_here(cursor)
