"""What DATABASE_URL may say, and what is answered when it is wrong."""

from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured

from smartagent.postgres.config import database, replica, through_pool
from smartagent.postgres.errors import (
    ConnectionRefused,
    NoSuchDatabase,
    ServerDown,
    Unavailable,
    WrongPassword,
    explain,
    line,
)

VAR = Path("/srv/agent/var")
PARAMS = {"host": "db.example.com", "port": 5433, "user": "app", "dbname": "agent", "password": "sekrit"}


def test_without_a_url_the_server_is_embedded_and_lives_in_var():
    found = database(None, VAR)
    assert found["ENGINE"] == "smartagent.postgres"
    assert found["EMBEDDED"] == VAR / "postgres"


def test_the_folder_of_a_socket_is_written_as_libpq_has_it():
    found = database("postgres://app@%2Frun%2Fpostgresql:5433/agent", VAR)
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("/run/postgresql", 5433, "agent")


def test_a_url_is_taken_apart_and_its_options_are_kept():
    found = database("postgres://app:p%40ss@db.example.com:5433/agent?sslmode=verify-full", VAR)
    assert (found["HOST"], found["PORT"], found["USER"], found["NAME"]) == (
        "db.example.com",
        5433,
        "app",
        "agent",
    )
    assert found["PASSWORD"] == "p@ss"
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert "EMBEDDED" not in found


def test_connections_are_pooled_unless_persistent_ones_are_asked_for():
    assert "pool" in database("postgres://app@db/agent", VAR)["OPTIONS"]
    assert "pool" not in database("postgres://app@db/agent?conn_max_age=60", VAR)["OPTIONS"]


@pytest.mark.parametrize("url", [
    "mysql://app:sekrit@db/agent",
    "sekrit",
    "postgres://app:sekrit@db:port/agent",
    "postgres://app:sek/rit@db/agent",
    "postgres://app:sekrit@db",
    "postgres://app:sekrit@[db/agent",
    "postgres://app:sekrit@db/agent?no_such_option=1",
])  # fmt: skip
def test_a_bad_url_is_refused_in_one_line_that_keeps_the_password(url):
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL[^\n]*\.$") as refused:
        database(url, VAR)
    assert "sek" not in str(refused.value)


PREFIX = 'connection failed: connection to server at "10.0.0.7", port 5433 failed: '


@pytest.mark.parametrize(("libpq", "kind", "words"), [
    ("Connection refused\n\tIs the server running on that host?", ServerDown, "db.example.com:5433"),
    ('FATAL:  password authentication failed for user "app"', WrongPassword, '"app"'),
    ("fe_sendauth: no password supplied", WrongPassword, "no password supplied"),
    ('FATAL:  database "agent" does not exist', NoSuchDatabase, '"agent"'),
    ("FATAL:  sorry, too many clients already", ConnectionRefused, "too many clients"),
    ("server does not support SSL, but SSL was required", ConnectionRefused, "SSL was required"),
    ("FATAL:  Passwort-Authentifizierung fehlgeschlagen", ConnectionRefused, "fehlgeschlagen"),
])  # fmt: skip
def test_what_libpq_says_becomes_one_line_that_names_the_server(libpq, kind, words):
    found = explain(psycopg.OperationalError(PREFIX + libpq), PARAMS)
    assert type(found) is kind
    assert words in str(found)
    assert "db.example.com:5433" in str(found)
    assert "\n" not in str(found)
    assert "sekrit" not in str(found)


def test_only_what_a_person_can_put_right_is_told_without_a_traceback():
    assert line(Unavailable("down")) == "down"
    assert line(ImproperlyConfigured("two\nlines")) == "two lines"
    assert line(RuntimeError("a mistake of ours")) is None


POOL, DIRECT = "postgres://app@pool:6432/agent", "postgres://app@db.example.com/agent"


def test_pages_go_through_the_pool_and_commands_to_the_server_itself():
    web = through_pool(POOL, DIRECT, VAR, ["/usr/bin/granian", "smartagent.wsgi:application"])
    assert (web["HOST"], web["DIRECT"]["HOST"]) == ("pool", "db.example.com")
    assert "pool" in web["OPTIONS"]
    assert "pool" not in web["DIRECT"]["OPTIONS"]  # a session of one's own is closed at its end
    assert through_pool(POOL, DIRECT, VAR, ["manage.py", "deliver"])["HOST"] == "pool"
    for command in (["manage.py", "qcluster"], ["manage.py", "migrate"], ["./manage.py"]):
        found = through_pool(POOL, DIRECT, VAR, command)
        assert (found["HOST"], found.get("DIRECT")) == ("db.example.com", None)


@pytest.mark.parametrize(
    ("url", "direct", "said"),
    [
        (None, DIRECT, "DATABASE_URL, which leads through the pool, is not"),
        (POOL, "mysql://db/agent", "DATABASE_DIRECT_URL is not of the form"),
        (f"{POOL}?assume_role=agent", DIRECT, "assume_role is a setting of a session"),
        (f"{POOL}?options=-csearch_path%3Dagent", DIRECT, "options is a setting of a session"),
    ],
)
def test_what_no_pool_can_keep_is_refused(url, direct, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        through_pool(url, direct, VAR, ["granian"])


def test_nobody_waits_long_for_a_replica():
    found = replica("postgres://app@replica/agent", VAR)
    assert (found["HOST"], found["OPTIONS"]["pool"]["timeout"], found["OPTIONS"]["connect_timeout"]) == (
        "replica",
        2,
        2,
    )
    with pytest.raises(ImproperlyConfigured, match="DATABASE_REPLICA_URL is not of the form"):
        replica("replica.example.com", VAR)


def test_nobody_waits_long_for_a_network_that_drops_packets():
    options = database("postgres://app@db/agent?connect_timeout=3", VAR)["OPTIONS"]
    assert (options["connect_timeout"], options["tcp_user_timeout"], options["keepalives_idle"]) == (3, 30_000, 15)
    with pytest.raises(ImproperlyConfigured):
        database("postgres://app@db/agent?tcp_user_timeouts=3", VAR)
