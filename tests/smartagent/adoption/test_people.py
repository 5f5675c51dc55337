"""People of the old application are people here, and ours are known there."""

import logging
from typing import Any

import bcrypt
import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, connection

from notifications.models import Notification
from smartagent.adoption.sync.people import import_missing
from smartagent.models import User
from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A

ALICE = "00000000-0000-0000-0000-00000000000a"
BOB = "00000000-0000-0000-0000-00000000000b"
CAROL = "00000000-0000-0000-0000-00000000000c"
DAVE = "00000000-0000-0000-0000-00000000000d"

ACCOUNTS = """
ALTER TABLE auth.users ADD encrypted_password text, ADD raw_user_meta_data jsonb,
    ADD deleted_at timestamptz, ADD last_sign_in_at timestamptz, ADD created_at timestamptz DEFAULT now(),
    ADD updated_at timestamptz;
CREATE UNIQUE INDEX one_email ON auth.users (email);
"""
PROFILES = """
CREATE TABLE profiles (id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE, email text, full_name text,
                       role text DEFAULT 'user', is_platform_admin boolean);
"""
# As the old application makes a profile for everybody who signs up.
PROFILE_FOR_EVERYBODY = """
CREATE FUNCTION handle_new_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO legacy.profiles (id, email, full_name) VALUES (NEW.id, NEW.email, NEW.raw_user_meta_data->>'full_name');
    RETURN NEW;
END $$;
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION handle_new_user();
"""


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode()


@pytest.fixture
def people(takeover: Takeover) -> Takeover:
    """Alice, who can sign in there."""
    takeover.sql(f"{ACCOUNTS} {PROFILES} {NOTIFICATIONS_A}")
    takeover.sql(f"UPDATE auth.users SET encrypted_password = '{hashed('wonderland')}'")
    return takeover


def sign_up(people: Takeover, key: str, email: str | None, **columns: str) -> None:
    values = {"id": key, "email": email, "encrypted_password": hashed("secret")} | columns
    literals = ", ".join("NULL" if value is None else f"'{value}'" for value in values.values())
    people.sql(f"INSERT INTO auth.users ({', '.join(values)}) VALUES ({literals})")


def sign_in(email: str, password: str) -> Any:
    return authenticate(None, username=email, password=password)


def test_they_sign_in_with_the_same_password(people: Takeover) -> None:
    people.forwards()
    assert str(sign_in("alice@example.com", "wonderland").pk) == ALICE
    assert sign_in("alice@example.com", "underland") is None
    assert people.lacks() == []


def test_the_profile_says_who_is_who(people: Takeover) -> None:
    sign_up(people, BOB, "bob@example.com", raw_user_meta_data='{"full_name": "Robert", "role": "admin"}')
    sign_up(people, CAROL, "carol@example.com")
    people.sql(f"""INSERT INTO profiles (id, full_name, role, is_platform_admin) VALUES
                   ('{ALICE}', 'Alice', 'admin', NULL), ('{CAROL}', 'Carol', 'user', true)""")
    people.forwards()
    alice, bob, carol = User.objects.order_by("pk")
    assert (alice.full_name, alice.is_staff, alice.is_superuser) == ("Alice", True, False)
    assert (bob.full_name, bob.is_staff, bob.is_superuser) == ("Robert", False, False)
    assert (carol.full_name, carol.is_staff, carol.is_superuser) == ("Carol", True, True)
    assert {group.name for group in alice.groups.all()} == {"members", "administrators"}
    assert {group.name for group in bob.groups.all()} == {"members"}


def test_columns_that_are_not_there_are_not_missed(takeover: Takeover) -> None:
    takeover.sql("ALTER TABLE auth.users DROP raw_app_meta_data; CREATE TABLE profiles (id uuid, role text)")
    takeover.sql(NOTIFICATIONS_A)
    takeover.forwards()
    assert takeover.lacks() == ["people of ours left alone: auth.users has no column raw_app_meta_data to mark them in"]
    alice = User.objects.get()
    assert (alice.email, alice.has_usable_password(), alice.is_active) == ("alice@example.com", False, True)


def test_who_cannot_have_their_own_email_is_told(people: Takeover, caplog: pytest.LogCaptureFixture) -> None:
    sign_up(people, BOB, None)
    sign_up(people, CAROL, "")
    sign_up(people, DAVE, "Alice@Example.com")
    people.forwards()
    assert list(User.objects.order_by("pk").values_list("email", flat=True)) == [
        "alice@example.com", f"{BOB}@without-email.invalid", f"{CAROL}@without-email.invalid",
        f"{DAVE}@same-email.invalid",
    ]  # fmt: skip
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any("auth.users: 2 cannot sign in by e-mail: no e-mail address in the old" in line for line in lines)

    # Dave gets an e-mail of his own, there.
    people.sql(f"UPDATE auth.users SET email = 'dave@example.com' WHERE id = '{DAVE}'")
    assert sign_in("dave@example.com", "secret")


def test_who_signs_up_later_is_known_at_once(people: Takeover) -> None:
    people.sql(PROFILE_FOR_EVERYBODY)
    people.forwards()
    sign_up(people, BOB, "bob@example.com", raw_user_meta_data='{"full_name": "Bob"}')
    assert sign_in("bob@example.com", "secret").full_name == "Bob"


def test_a_change_there_is_a_change_here(people: Takeover) -> None:
    people.sql(f"INSERT INTO profiles (id) VALUES ('{ALICE}')")
    people.forwards()
    people.sql(f"""UPDATE auth.users SET encrypted_password = '{hashed("looking glass")}',
                                         email = 'Liddell@example.com'""")
    people.sql("UPDATE profiles SET role = 'admin', full_name = 'Alice Liddell'")
    alice = sign_in("liddell@example.com", "looking glass")
    assert (alice.is_staff, alice.full_name) == (True, "Alice Liddell")
    assert alice.groups.filter(name="administrators").exists()
    people.sql("UPDATE profiles SET role = 'user'")
    alice.refresh_from_db()
    assert not alice.is_staff
    assert not alice.groups.filter(name="administrators").exists()


def test_a_change_here_stays_until_there_is_one_there(people: Takeover) -> None:
    people.forwards()
    alice = User.objects.get()
    alice.set_password("mine")
    alice.is_staff = alice.is_superuser = True
    alice.save()
    people.sql("UPDATE auth.users SET last_sign_in_at = now()")
    assert sign_in("alice@example.com", "mine").is_superuser
    people.sql(f"UPDATE auth.users SET encrypted_password = '{hashed('theirs')}'")
    assert sign_in("alice@example.com", "theirs").is_superuser


def test_who_is_deleted_there_cannot_sign_in(people: Takeover) -> None:
    sign_up(people, BOB, "bob@example.com")
    sign_up(people, CAROL, "carol@example.com", deleted_at="2026-03-02")
    people.forwards()
    people.sql(f"DELETE FROM auth.users WHERE id = '{ALICE}'")
    people.sql(f"UPDATE auth.users SET deleted_at = now() WHERE id = '{BOB}'")
    assert set(User.objects.values_list("is_active", flat=True)) == {False}
    assert people.lacks() == []


def test_nothing_of_ours_fails_a_statement_of_theirs(people: Takeover) -> None:
    people.forwards()
    people.sql("ALTER TABLE smartagent_users RENAME email TO address")
    sign_up(people, BOB, "bob@example.com")
    people.sql("UPDATE auth.users SET email = id || '@example.com'")
    people.sql("ALTER TABLE smartagent_users RENAME address TO email")
    assert people.lacks() == ["1 person of the old application made known here"]


def test_who_was_missed_is_imported_later(people: Takeover) -> None:
    people.forwards()
    people.sql("ALTER TABLE auth.users DISABLE TRIGGER USER")
    sign_up(people, BOB, "bob@example.com")
    people.sql("ALTER TABLE auth.users ENABLE TRIGGER USER")
    assert (import_missing(connection), import_missing(connection)) == (1, 0)
    assert sign_in("bob@example.com", "secret")


def test_a_person_of_ours_can_be_written_of(people: Takeover) -> None:
    people.forwards()
    erin = User.objects.create_user("erin@example.com", "x")
    Notification.objects.create(user=erin, type="alert", title="x", message="x")
    assert people.sql(f"SELECT email, raw_app_meta_data FROM auth.users WHERE id = '{erin.pk}'") == [
        ("erin@example.com", '{"provider": "smart-agent"}')
    ]
    assert User.objects.count() == 2


def test_an_email_that_is_taken_there_stays_theirs(people: Takeover) -> None:
    people.forwards()
    User.objects.filter(pk=ALICE).update(email="other@example.com")
    User.objects.create_user("alice@example.com", "x")
    assert people.sql("SELECT count(*), count(email) FROM auth.users") == [(2, 1)]


def test_who_signs_up_there_with_the_email_of_one_of_ours_gets_it(people: Takeover) -> None:
    people.forwards()
    User.objects.create_user("erin@example.com", "x")
    sign_up(people, BOB, "erin@example.com")
    assert people.sql(f"SELECT email FROM auth.users WHERE id = '{BOB}'") == [("erin@example.com",)]
    assert User.objects.get(pk=BOB).email == f"{BOB}@same-email.invalid"


def test_a_trigger_of_theirs_that_fails_is_not_our_failure(people: Takeover) -> None:
    people.sql(PROFILE_FOR_EVERYBODY.replace("legacy.profiles", "nowhere"))
    people.forwards()
    erin = User.objects.create_user("erin@example.com", "x")
    with pytest.raises(IntegrityError):
        Notification.objects.create(user=erin, type="alert", title="x", message="x")


def test_ours_who_were_here_before_are_made_known(people: Takeover) -> None:
    people.forwards()
    people.sql("ALTER TABLE smartagent_users DISABLE TRIGGER USER")
    User.objects.create_user("erin@example.com", "x")
    people.sql("ALTER TABLE smartagent_users ENABLE TRIGGER USER")
    assert people.lacks() == ["1 person of ours made known to the old application"]


def test_going_back_leaves_their_people_only(people: Takeover) -> None:
    before = people.sql("SELECT * FROM auth.users"), triggers(people)
    people.forwards()
    erin = User.objects.create_user("erin@example.com", "x")
    Notification.objects.create(user=erin, type="info", title="x", message="x")
    people.backwards("smartagent")
    assert (people.sql("SELECT * FROM auth.users"), triggers(people)) == before
    assert (
        people.sql(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'smartagent%' AND pronamespace = 'legacy'::regnamespace"
        )
        == []
    )


def triggers(people: Takeover) -> Any:
    return people.sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'zz%' ORDER BY 1")
