"""The old application's clients go on after the takeover, each with its own role and under row-level security."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth import authenticate

from notifications.models import Notification
from smartagent.models import User
from tests.legacy.database import Database
from tests.legacy.people import ALICE, BEN, CAROL, DORA, HASH, PASSWORD
from tests.legacy.test_takeover import MIXTURES, built
from tests.smartagent.adoption.conftest import Takeover

HAL = "00000000-0000-0000-0000-0000000000ff"
# As in such projects: a profile for whoever signs up, with an e-mail that is there once; people see and change theirs.
SCHEMA = """
ALTER TABLE profiles ADD UNIQUE (email);
CREATE FUNCTION handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN INSERT INTO legacy.profiles (id, email) VALUES (NEW.id, NEW.email); RETURN NEW; END $$;
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION handle_new_user();
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON profiles USING (auth.uid() = id);
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.users TO service_role;
DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'user_id'
                 WHERE relnamespace = 'legacy'::regnamespace AND relkind = 'r' AND relrowsecurity LOOP
        EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE USING (auth.uid() = user_id)', each || '_change', each);
        EXECUTE format('CREATE POLICY %I ON %I FOR DELETE USING (auth.uid() = user_id)', each || '_delete', each);
    END LOOP;
END $$;
"""


@pytest.fixture(params=["with a touch", "the newer scripts"])
def database(request: pytest.FixtureRequest, takeover: Takeover) -> Database:
    database = built(takeover, MIXTURES[request.param])
    database.sql(SCHEMA)
    takeover.forwards()
    return database


@contextmanager
def client(database: Database, role: str, person: str = "") -> Iterator[None]:
    """Statements as this role sends them, for this person."""
    database.sql(f"SET ROLE {role}; SET request.jwt.claim.sub = '{person}'; SET request.jwt.claim.role = '{role}'")
    try:
        yield
    finally:
        database.sql("RESET ROLE; RESET request.jwt.claim.sub; RESET request.jwt.claim.role")


def test_each_client_goes_on(database: Database) -> None:
    """One long story, since to build the database is what takes the time."""
    ours = User.objects.create_superuser("hal@old.example", "here")

    with client(database, "service_role"):
        database.sql(f"""INSERT INTO auth.users (id, email, encrypted_password)
                         VALUES ('{HAL}', 'Hal@old.example', '{HASH}'),
                                (gen_random_uuid(), 'ida@old.example', '{HASH}')""")
    ida = authenticate(None, username="ida@old.example", password=PASSWORD)
    assert ida is not None
    assert User.objects.get(pk=HAL).email == f"{HAL}@same-email.invalid"
    ours.refresh_from_db()
    assert (ours.email, ours.is_superuser) == ("hal@old.example", True)

    with client(database, "authenticated", ALICE):
        assert database.sql("UPDATE profiles SET full_name = 'Alice Newer' RETURNING id::text") == [(ALICE,)]
    assert User.objects.get(pk=ALICE).full_name == "Alice Newer"

    for person, message in ((ALICE, "mine"), (BEN, "his")):
        with client(database, "anon"):
            database.sql(f"""INSERT INTO notifications (user_id, type, title, message)
                             VALUES ('{person}', 'info', 'A client', '{message}')""")
    inbox = Notification.objects.filter(title="A client")
    change = "status = 'read'" if database.shapes["notifications"] == "C" else "is_read = true"
    with client(database, "authenticated", ALICE):
        database.sql(f"UPDATE notifications SET {change} WHERE title = 'A client'")
    assert dict(inbox.values_list("message", "status")) == {"mine": "read", "his": "unread"}
    with client(database, "authenticated", BEN):
        database.sql("DELETE FROM notifications WHERE title = 'A client'")
    assert [each.message for each in inbox] == ["mine"]

    for table, shape in database.found():
        for statement in shape.writes:
            with client(database, "service_role"):
                database.sql(statement)
        assert database.value(f"SELECT count(*) FROM {table}") > 0

    with client(database, "service_role"):
        database.sql(f"""UPDATE auth.users SET email = 'ben@newer.example' WHERE id = '{BEN}';
                         DELETE FROM auth.users WHERE id = '{CAROL}';
                         UPDATE profiles SET role = 'operator' WHERE id = '{DORA}'""")
    assert User.objects.get(pk=BEN).email == "ben@newer.example"
    assert not User.objects.get(pk=CAROL).is_active
    assert User.objects.get(pk=DORA).groups.filter(name="operators").exists()
    with client(database, "service_role"):
        database.sql(f"INSERT INTO auth.users (id, email, encrypted_password) "
                     f"VALUES (gen_random_uuid(), 'carol@old.example', '{HASH}')")  # fmt: skip
    carol = authenticate(None, username="carol@old.example", password=PASSWORD)
    assert carol is not None
    assert (str(carol.pk) == CAROL, carol.is_staff) == (False, False)  # type: ignore[attr-defined]
