"""A hosted database: the account that migrates is no superuser, and the schema `auth` is somebody else's."""

from collections.abc import Iterator

import pytest

from smartagent.models import User
from tests.legacy.database import Database
from tests.legacy.people import CAROL, DORA
from tests.legacy.test_takeover import CHECKS, MIXTURES, built, verified
from tests.smartagent.adoption.conftest import Takeover

HOSTED = """
CREATE ROLE hosted NOLOGIN; CREATE ROLE keeper NOLOGIN;
ALTER SCHEMA legacy OWNER TO hosted; ALTER SCHEMA auth OWNER TO keeper; ALTER TABLE auth.users OWNER TO keeper;
GRANT USAGE ON SCHEMA auth TO hosted; GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON auth.users TO hosted;
ALTER DEFAULT PRIVILEGES FOR ROLE hosted IN SCHEMA legacy GRANT ALL ON TABLES TO anon, authenticated, service_role;
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT format('ALTER %s %s OWNER TO hosted', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                              oid::regclass) AS change
                  FROM pg_class WHERE relnamespace = 'legacy'::regnamespace AND relkind IN ('r', 'v')
    UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO hosted', oid::regprocedure)
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
        database.sql("RESET ROLE; REASSIGN OWNED BY hosted, keeper TO CURRENT_USER; DROP OWNED BY hosted, keeper")
        database.sql("DROP ROLE hosted; DROP ROLE keeper")


def test_it_is_taken_over_and_given_back(hosted: Database) -> None:
    catalog, rows = hosted.catalog(), hosted.rows()
    hosted.sql("SET ROLE hosted")
    hosted.takeover.forwards()
    assert hosted.takeover.lacks() == []
    assert verified()["ok"]
    hosted.sql("RESET ROLE")
    assert hosted.rows() == rows
    hosted.sql(f"SET ROLE keeper; {SIGN_UP}; UPDATE auth.users SET email = 'c@old.example' WHERE id = '{CAROL}'")
    hosted.sql(f"RESET ROLE; SET ROLE service_role; UPDATE profiles SET role = 'admin' WHERE id = '{DORA}'; RESET ROLE")
    assert User.objects.filter(email="hal@old.example", is_active=True).exists()
    assert (User.objects.get(pk=CAROL).email, User.objects.get(pk=DORA).is_staff) == ("c@old.example", True)
    for table, shape in hosted.found():
        for statement in shape.writes:
            hosted.as_the_old_application(statement)
        CHECKS[table](hosted)
    hosted.sql("SET ROLE hosted")
    written = hosted.rows()
    hosted.takeover.backwards("optimizer", "notifications", "rules", "smartagent")
    hosted.sql("RESET ROLE")
    hosted.assert_given_back(catalog)
    assert hosted.rows() == written
