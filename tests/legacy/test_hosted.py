"""A hosted database: the account that migrates is no superuser, and the schema `auth` is somebody else's."""

import os
from collections.abc import Iterator

import pytest

from smartagent.kernel.member_role import MEMBER_ROLE
from smartagent.models import User
from tests.legacy.database import Database
from tests.legacy.people import CAROL, DORA
from tests.legacy.test_takeover import CHECKS, MIXTURES, built, failed_checks
from tests.smartagent.adoption.conftest import Takeover

# Roles are of the whole server, where other tests run at the same time.
HOST, KEEPER = f"hosted_{os.getpid()}", f"keeper_{os.getpid()}"
HOSTED = f"""
CREATE ROLE {HOST} NOLOGIN; CREATE ROLE {KEEPER} NOLOGIN;
ALTER SCHEMA legacy OWNER TO {HOST}; ALTER SCHEMA auth OWNER TO {KEEPER}; ALTER TABLE auth.users OWNER TO {KEEPER};
GRANT USAGE ON SCHEMA auth TO {HOST}; GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON auth.users TO {HOST};
ALTER DEFAULT PRIVILEGES FOR ROLE {HOST} IN SCHEMA legacy GRANT ALL ON TABLES TO anon, authenticated, service_role;
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT format('ALTER %s %s OWNER TO {HOST}', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                              oid::regclass) AS change
                  FROM pg_class WHERE relnamespace = 'legacy'::regnamespace AND relkind IN ('r', 'v')
    UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO {HOST}', oid::regprocedure)
                FROM pg_proc WHERE pronamespace = 'legacy'::regnamespace
    LOOP EXECUTE each.change; END LOOP;
END $$;
"""
SIGN_UP = "INSERT INTO auth.users (id, email) VALUES ('00000000-0000-0000-0000-0000000000ff', 'hal@old.example')"


@pytest.fixture(params=["the first scripts", "the newer scripts"])
def hosted(request: pytest.FixtureRequest, takeover: Takeover) -> Iterator[Database]:
    database = built(takeover, MIXTURES[request.param])
    database.sql(HOSTED)
    try:
        yield database
    finally:
        database.sql(f"""RESET ROLE; REASSIGN OWNED BY {HOST}, {KEEPER} TO CURRENT_USER;
                         DROP OWNED BY {HOST}, {KEEPER}; DROP ROLE {HOST}, {KEEPER}""")


def test_it_is_taken_over_and_given_back(hosted: Database) -> None:
    catalog, rows = hosted.catalog(), hosted.rows()
    hosted.sql(f"SET ROLE {HOST}")
    hosted.takeover.forwards()
    assert [change for change in hosted.takeover.lacks() if MEMBER_ROLE not in change] == []  # it may make no roles
    assert failed_checks() == []
    hosted.sql("RESET ROLE")
    assert hosted.rows() == rows
    hosted.sql(f"SET ROLE {KEEPER}; {SIGN_UP}; UPDATE auth.users SET email = 'c@old.example' WHERE id = '{CAROL}'")
    hosted.sql(f"RESET ROLE; SET ROLE service_role; UPDATE profiles SET role = 'admin' WHERE id = '{DORA}'; RESET ROLE")
    assert User.objects.filter(email="hal@old.example", is_active=True).exists()
    assert (User.objects.get(pk=CAROL).email, User.objects.get(pk=DORA).is_staff) == ("c@old.example", True)
    for table, shape in hosted.found():
        for statement in shape.writes:
            hosted.as_the_old_application(statement)
        CHECKS[table](hosted)
    hosted.sql(f"SET ROLE {HOST}")
    written = hosted.rows()
    hosted.takeover.backwards("optimizer", "notifications", "rules", "smartagent")
    hosted.sql("RESET ROLE")
    hosted.assert_given_back(catalog)
    assert hosted.rows() == written
