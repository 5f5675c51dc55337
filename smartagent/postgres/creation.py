"""Making and dropping the databases of tests."""

from django.db.backends.postgresql.creation import DatabaseCreation as Creation


class DatabaseCreation(Creation):
    """Drops a test database although a thread of the tests, a live server's for one, still holds a connection."""

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        with self.connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {self.connection.ops.quote_name(test_database_name)} WITH (FORCE)")
