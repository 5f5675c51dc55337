"""The inbox by REST."""

from datetime import timedelta

import pytest

from notifications.models import Notification
from tests.api import Program


def notification_for(user, now, **fields):
    return Notification.objects.create(
        user=user, type="alert", message="It is low.", created_at=now, **{"title": "Low"} | fields
    )


def test_newest_first_and_filtered(alice, now):
    for minute, status in enumerate(["unread", "read", "archived"]):
        notification_for(alice, now + timedelta(minutes=minute), status=status, title=status)
    program = Program(alice)

    def titles(query):
        return [found["title"] for found in program.get(f"notifications/{query}")["results"]]

    assert titles("") == ["archived", "read", "unread"]
    assert titles("?status=unread") == ["unread"]
    assert titles("?status=inbox") == ["read", "unread"]
    assert titles("?ordering=created_at") == ["unread", "read", "archived"]


def test_read_unread_and_archive(alice, now):
    address = f"notifications/{notification_for(alice, now).pk}/"
    program = Program(alice)
    read = program.post(f"{address}read/")
    assert (read["status"], read["read_at"] is not None) == ("read", True)
    archived = program.post(f"{address}archive/")
    assert (archived["status"], archived["read_at"]) == ("archived", read["read_at"])
    assert program.post(f"{address}read/")["status"] == "archived"
    unread = program.post(f"{address}unread/")
    assert (unread["status"], unread["read_at"], unread["archived_at"]) == ("unread", None, None)
    assert program.get(address) == unread


def test_read_all_and_the_count_are_of_the_own_inbox(alice, bob, olga, now):
    for person in (alice, alice, bob):
        notification_for(person, now)
    assert Program(olga).get("notifications/unread-count/") == {"unread": 0}
    assert Program(alice).get("notifications/unread-count/") == {"unread": 2}
    assert Program(alice).post("notifications/read-all/") == {"marked": 2}
    assert Program(alice).post("notifications/read-all/") == {"marked": 0}
    assert Program(bob).get("notifications/unread-count/") == {"unread": 1}


@pytest.mark.parametrize("suffix", ["", "read/", "unread/", "archive/"])
def test_bob_gets_404_for_alices(alice, bob, now, suffix):
    notification = notification_for(alice, now)
    getattr(Program(bob), "post" if suffix else "get")(f"notifications/{notification.pk}/{suffix}", status=404)
    notification.refresh_from_db()
    assert notification.status == "unread"


def test_an_auditor_sees_everyones_and_marks_nothing(alice, audra, now):
    notification = notification_for(alice, now)
    program = Program(audra)
    assert len(program.get("notifications/")["results"]) == 1
    assert program.get("notifications/?whose=mine")["results"] == []
    program.post(f"notifications/{notification.pk}/read/", status=403)
    program.post("notifications/read-all/", status=403)


def test_the_number_of_queries_does_not_grow(alice, now, django_assert_num_queries):
    program = Program(alice)
    for count in (1, 9):
        for _ in range(count):
            notification_for(alice, now)
        with django_assert_num_queries(6):  # session, person, two for permissions, the list, names of people
            program.get("notifications/")
