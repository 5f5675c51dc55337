"""The page System health, and the same for programs."""

from typing import Any

import pytest

from smartagent.models import User
from tests.api import Program
from tests.smartagent.doctor.conftest import Sql

REPAIR = 'action="/schema/repair/"'


@pytest.fixture
def _broken(sql: Sql) -> None:
    sql("ALTER TABLE notifications DROP COLUMN severity")


def test_everything_fits(client_of: Any, ada: User) -> None:
    page = client_of(ada).get("/schema/").content.decode()
    assert "All checks passed." in page
    assert "fusion_optimization_events" in page
    assert REPAIR not in page
    assert 'href="/schema/"' in page


@pytest.mark.usefixtures("_broken")
def test_an_administrator_repairs_after_a_question(client_of: Any, ada: User) -> None:
    client = client_of(ada)
    page = client.get("/schema/").content.decode()
    assert "The column severity is missing." in page
    assert "2 errors." in page  # the check on it is lost too
    assert REPAIR in page
    question = client.post("/schema/repair/").content.decode()
    assert "The column severity is missing." in question
    assert "drops no table, column or row" in question
    assert "2 errors." in client.get("/schema/").content.decode(), "asking repairs nothing"
    done = client.post("/schema/repair/", {"post": "yes"}, follow=True).content.decode()
    assert "Repaired: notifications: column severity added" in done
    assert "All checks passed." in done
    assert "Nothing to repair." in client.post(
        "/schema/repair/", {"post": "yes"}, follow=True
    ).content.decode()  # fmt: skip


@pytest.mark.usefixtures("_broken")
def test_others_who_look_after_it_see_it_and_cannot_repair(client_of: Any, olga: User, audra: User) -> None:
    for person in (olga, audra):
        page = client_of(person).get("/schema/").content.decode()
        assert "The column severity is missing." in page
        assert "An administrator can repair it here" in page
        assert REPAIR not in page
        assert client_of(person).post("/schema/repair/", {"post": "yes"}).status_code == 403


def test_members_see_nothing_of_it(client_of: Any, alice: User) -> None:
    assert client_of(alice).get("/schema/").status_code == 403
    assert 'href="/schema/"' not in client_of(alice).get("/").content.decode()
    assert client_of(alice).post("/schema/repair/", {"post": "yes"}).status_code == 403
    assert "Only operators" in Program(alice).get("doctor/", status=403)["detail"][0]


@pytest.mark.usefixtures("_broken")
def test_programs_get_the_same(audra: User) -> None:
    found = Program(audra).get("doctor/")
    assert set(found) == {"ok", "findings", "tables"}
    assert found["ok"] is False
    assert found["findings"][0]["problem"] == "The column severity is missing."
    assert {"table": "notifications", "state": "drifted", "rows": 0, "unrepresentable": 0} in found["tables"]


def test_nobody_repairs_by_following_a_link(client_of: Any, ada: User) -> None:
    assert client_of(ada).get("/schema/repair/").status_code == 405
