"""Times that Python cannot hold are read as the last or first that it can, and fail no page and no list."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client

from notifications.models import Notification
from smartagent.models import User
from smartagent.postgres.far_times import FIRST, LAST
from tests.api import Program


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("infinity", LAST), ("-infinity", FIRST), ("20000-03-15", LAST), ("0044-03-15 BC", FIRST),
        ("9999-12-31 23:59", LAST), ("0001-01-01", FIRST),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_any_time_of_postgresql_can_be_read(written: str, read: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz, '2026-01-02'::timestamptz", [written])
        found, usual = cursor.fetchone()
    assert (found, usual.year) == (read, 2026)


@pytest.mark.parametrize("written", ["infinity", "-infinity", "20000-03-15", "0044-03-15 BC"])
def test_a_notification_of_such_a_time_is_listed(alice: User, client: Client, written: str) -> None:
    note = Notification.objects.create(user=alice, type="info", title="Far away", message="m")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications SET created_at = %s, read_at = %s", [written, written])
    assert [each["id"] for each in Program(alice).get("notifications/")["results"]] == [str(note.pk)]
    client.force_login(alice)
    for address in ("/notifications/", f"/notifications/{note.pk}/change/", "/"):
        assert client.get(address).status_code == 200
