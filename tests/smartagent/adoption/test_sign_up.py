"""The old application's people come, go and come back, beside people who were created here."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import authenticate

from notifications.models import Notification
from rules.models import ActivityEntry
from smartagent.models import User
from tests.databases import copy_of
from tests.smartagent.adoption.conftest import Legacy, Takeover, run
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A, PEOPLE
from tests.smartagent.adoption.test_people import (
    ACCOUNTS,
    ALICE,
    BOB,
    CAROL,
    DAVE,
    PROFILE_FOR_EVERYBODY,
    PROFILES,
    hashed,
    sign_in,
    sign_up,
)

STRICT = "ALTER TABLE profiles ADD UNIQUE (email);"
STRICTER = f"{STRICT} ALTER TABLE profiles ALTER email SET NOT NULL;"


@pytest.fixture(params=[STRICT, STRICTER], ids=["unique", "unique and required"])
def people(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Takeover]:
    """Alice, who can sign in there; whoever signs up there gets a profile, of which the e-mail is unique."""

    def fill() -> None:
        run(f"CREATE SCHEMA legacy; SET search_path TO legacy; {PEOPLE}")
        run(f"{ACCOUNTS} {PROFILES} {NOTIFICATIONS_A} {request.param} {PROFILE_FOR_EVERYBODY}")
        run(f"""UPDATE auth.users SET encrypted_password = '{hashed("wonderland")}';
                INSERT INTO profiles (id, email) SELECT id, email FROM auth.users""")
        Takeover(Legacy()).forwards()

    with copy_of("signed_up_strictly" if request.param == STRICTER else "signed_up", fill):
        run("SET search_path TO legacy")
        yield Takeover(Legacy())


def profile(people: Takeover, key: Any) -> list[tuple[Any, ...]]:
    return people.sql(f"SELECT email FROM profiles WHERE id = '{key}'")


def test_a_sign_up_with_the_email_of_somebody_created_here_works_and_gains_nothing(people: Takeover) -> None:
    ada = User.objects.create_superuser("ada@example.com", "here")
    assert profile(people, ada.pk) == [("ada@example.com",)]
    sign_up(people, BOB, "Ada@Example.com")
    assert profile(people, BOB) == [("Ada@Example.com",)]
    ada.refresh_from_db()
    bob = User.objects.get(pk=BOB)
    assert (ada.email, bob.email) == ("ada@example.com", f"{BOB}@same-email.invalid")
    assert (bob.is_staff, bob.is_superuser, [group.name for group in bob.groups.all()]) == (False, False, ["members"])
    assert sign_in("ada@example.com", "here") == ada
    assert sign_in("ada@example.com", "secret") is None, "their password opens nothing that was created here"
    Notification.objects.create(user=ada, type="alert", title="x", message="x")
    assert people.lacks() == []


def test_who_is_deactivated_here_leaves_the_email_to_whoever_waits_for_it(people: Takeover) -> None:
    ada = User.objects.create_superuser("ada@example.com", "here")
    sign_up(people, BOB, "ada@example.com")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    bob = sign_in("ada@example.com", "secret")
    assert (str(bob.pk), bob.is_superuser) == (BOB, False)
    assert User.objects.get(pk=ada.pk).email == f"{ada.pk}@former.invalid"


def test_an_email_that_is_not_confirmed_is_given_to_nobody_before_it_is(people: Takeover) -> None:
    people.sql("ALTER TABLE auth.users ADD email_confirmed_at timestamptz")
    ada = User.objects.create_user("ada@example.com", "here", is_active=False)
    sign_up(people, BOB, "ada@example.com")
    assert User.objects.get(pk=ada.pk).email == "ada@example.com"
    people.sql(f"UPDATE auth.users SET email_confirmed_at = now() WHERE id = '{BOB}'")
    assert str(sign_in("ada@example.com", "secret").pk) == BOB


def test_who_is_deleted_here_leaves_nothing_there(people: Takeover) -> None:
    erin = User.objects.create_user("erin@example.com", "x")
    nobody = User.objects.create_user("nobody@nowhere.invalid", "x")
    keys = f"('{erin.pk}', '{nobody.pk}')"
    assert people.sql(f"SELECT count(*) FROM auth.users WHERE id IN {keys}") == [(2,)]
    User.objects.filter(pk__in=[erin.pk, nobody.pk]).delete()
    User.objects.get(pk=ALICE).delete()
    assert people.sql(f"SELECT count(*) FROM auth.users WHERE id IN {keys}") == [(0,)]
    assert people.sql(f"SELECT count(*) FROM profiles WHERE id IN {keys}") == [(0,)]
    assert people.sql("SELECT count(*) FROM auth.users") == [(1,)], "of theirs nobody is deleted"
    sign_up(people, BOB, "erin@example.com")
    assert sign_in("erin@example.com", "secret")


def test_that_their_row_of_somebody_created_here_is_deleted_shuts_nobody_out(people: Takeover) -> None:
    erin = User.objects.create_user("erin@example.com", "x")
    people.sql(f"DELETE FROM auth.users WHERE id = '{erin.pk}'")
    assert sign_in("erin@example.com", "x") == erin
    assert people.lacks() == ["1 person of ours made known to the old application"]
    people.repair()
    assert profile(people, erin.pk) == [("erin@example.com",)]


def test_who_comes_back_with_another_id_has_the_email_and_nothing_else_of_before(people: Takeover) -> None:
    people.sql(f"UPDATE profiles SET role = 'admin' WHERE id = '{ALICE}'")
    people.sql(f"DELETE FROM auth.users WHERE id = '{ALICE}'")
    assert sign_in("alice@example.com", "wonderland") is None
    sign_up(people, BOB, "alice@example.com")
    back = sign_in("alice@example.com", "secret")
    assert (str(back.pk), back.is_staff) == (BOB, False)
    assert User.objects.filter(is_active=True).count() == 1


def test_who_comes_back_with_the_same_id_is_the_same_person_with_the_role_of_now(people: Takeover) -> None:
    people.sql(f"UPDATE profiles SET role = 'admin' WHERE id = '{ALICE}'")
    people.sql(f"DELETE FROM auth.users WHERE id = '{ALICE}'")
    sign_up(people, ALICE, "alice@example.com")
    [alice] = User.objects.all()
    assert (alice.is_active, alice.is_staff, alice.is_superuser) == (True, False, False)
    assert [group.name for group in alice.groups.all()] == ["members"]
    assert sign_in("alice@example.com", "secret") == alice


@pytest.mark.parametrize(
    ("role", "groups", "staff", "superuser"),
    [
        ("platform_admin", ["administrators", "members"], True, True),
        ("admin", ["administrators", "members"], True, False),
        ("operator", ["members", "operators"], False, False),
        ("manager", ["members"], False, False),
        ("Operator ", ["members", "operators"], False, False),
    ],
)
@pytest.mark.parametrize("place", ["profiles", "raw_app_meta_data"])
def test_roles_of_theirs(
    people: Takeover, place: str, role: str, groups: list[str], staff: bool, superuser: bool
) -> None:
    def be(role: str) -> None:
        if place == "profiles":
            people.sql(f"UPDATE profiles SET role = '{role}' WHERE id = '{ALICE}'")
        else:
            people.sql(f"UPDATE auth.users SET raw_app_meta_data = '{{\"role\": \"{role}\"}}' WHERE id = '{ALICE}'")

    be(role)
    alice = User.objects.get()
    assert (alice.is_staff, alice.is_superuser) == (staff, superuser)
    assert sorted(group.name for group in alice.groups.all()) == groups
    be("user")
    alice = User.objects.get()
    assert (alice.is_staff, alice.is_superuser, [each.name for each in alice.groups.all()]) == (
        False, False, ["members"],
    )  # fmt: skip


def test_two_who_swap_their_emails_have_both(people: Takeover) -> None:
    people.sql("DROP INDEX auth.one_email")
    sign_up(people, BOB, "bob@example.com")
    people.sql(f"""UPDATE auth.users SET email = CASE id WHEN '{ALICE}' THEN 'Bob@example.com'
                   ELSE 'alice@example.com' END""")
    assert dict(User.objects.values_list("email", "pk")) == {
        "bob@example.com": User.objects.get(pk=ALICE).pk, "alice@example.com": User.objects.get(pk=BOB).pk,
    }  # fmt: skip


def test_who_waits_for_an_email_gets_it_when_its_holder_takes_another(people: Takeover) -> None:
    sign_up(people, BOB, "ALICE@example.com")
    assert sign_in("alice@example.com", "secret") is None
    User.objects.filter(pk=ALICE).update(email="alice@elsewhere.example")
    assert str(sign_in("alice@example.com", "secret").pk) == BOB
    sign_up(people, CAROL, "carol@example.com")
    sign_up(people, DAVE, "Carol@example.com")
    people.sql(f"UPDATE auth.users SET email = 'c@example.com' WHERE id = '{CAROL}'")
    assert User.objects.get(pk=DAVE).email == "carol@example.com"


def test_an_email_that_changes_here_changes_there_for_whom_we_have_made_known(people: Takeover) -> None:
    erin = User.objects.create_user("erin@example.com", "x")
    for address, known in (("e@example.com", "e@example.com"), ("alice@example.com", None)):
        User.objects.filter(pk=ALICE).update(email="other@example.com")
        User.objects.filter(pk=erin.pk).update(email=address)
        assert people.sql(f"SELECT email FROM auth.users WHERE id = '{erin.pk}'") == [(known,)]
    assert profile(people, ALICE) == [("alice@example.com",)]


def test_somebody_there_may_write_the_email_of_somebody_created_here_into_a_profile(people: Takeover) -> None:
    erin = User.objects.create_user("erin@example.com", "x")
    people.sql(f"UPDATE profiles SET email = 'erin@example.com' WHERE id = '{ALICE}'")
    assert profile(people, ALICE) == [("erin@example.com",)]
    assert User.objects.get(pk=erin.pk).email == "erin@example.com"


def test_what_a_trigger_cannot_do_fails_nothing_of_theirs_and_is_in_the_activity_log(people: Takeover) -> None:
    people.sql("ALTER TABLE smartagent_users ADD CONSTRAINT odd CHECK (email <> 'bob@example.com')")
    for key, email in ((BOB, "bob@example.com"), (CAROL, "carol@example.com")):
        sign_up(people, key, email)
    assert User.objects.filter(pk=CAROL).exists()
    entry = ActivityEntry.objects.get(event_type="sync_failed")
    assert (entry.status, entry.agent_name) == ("failed", "smart_agent")
    assert f"The person {BOB} of the old application is not known here: " in entry.error_message
    people.sql(f"UPDATE auth.users SET last_sign_in_at = now() WHERE id = '{BOB}'")
    assert ActivityEntry.objects.filter(event_type="sync_failed").count() == 1, "once an hour"
    assert authenticate(None, username="bob@example.com", password="secret") is None


@pytest.mark.parametrize(
    "email", ["a@b.example\nBcc: all@b.example", "a\u202eb@b.example", "a b@c.example", "a\x1b@b.example"]
)
def test_an_email_with_signs_that_hide_or_break_lines_is_none(people: Takeover, email: str) -> None:
    sign_up(people, BOB, email)
    assert User.objects.get(pk=BOB).email == f"{BOB}@without-email.invalid"
