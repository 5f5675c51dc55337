"""`manage.py dbshell`, which finds the embedded server and its psql."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql.client import DatabaseClient as PostgresClient

from smartagent.postgres import embedded
from smartagent.postgres.home import programs


class DatabaseClient(PostgresClient):
    """Runs psql."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        folder = settings_dict.get("EMBEDDED")
        if not folder:
            return super().settings_to_cmd_args_env(settings_dict, parameters)
        where = embedded.address(folder, settings_dict.get("EMBEDDED_OPTIONS"))
        found = {**settings_dict, **{name.upper(): value for name, value in where.items()}}
        args, environment = super().settings_to_cmd_args_env(found, parameters)
        return [str(programs() / "psql"), *args[1:]], environment
