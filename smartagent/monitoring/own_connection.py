"""A connection to the database beside the pool: it waits for nobody, also where all of the pool are in use."""

import psycopg

from smartagent.kernel.own_session import direct_connection

CONNECT_TIMEOUT = 2  # seconds; libpq knows no less
CONNECTION_PARAMETERS = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")


def open_connection(statement_timeout: int) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect; statements end after so many milliseconds. psycopg.Error where the server does not answer."""
    params = direct_connection().get_connection_params()
    params = {name: params[name] for name in CONNECTION_PARAMETERS if name in params}
    options = f"-c statement_timeout={statement_timeout}"
    return psycopg.connect(**params, connect_timeout=CONNECT_TIMEOUT, options=options, autocommit=True)
