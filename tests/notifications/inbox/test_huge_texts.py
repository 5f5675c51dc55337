"""A title or message of megabytes, from another application, makes no list slow; its own page has it whole."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Notification
from tests.api import Program
from tests.notifications.inbox_cast import notification_for

SIZE = 10_000_000


@pytest.fixture
def huge(alice):
    notification = notification_for(alice)
    with connection.cursor() as cursor:
        for column in ("title", "message"):
            cursor.execute(
                f"UPDATE notifications SET {column} = repeat('ä', %s) WHERE id = %s", [SIZE, notification.pk]
            )
    return notification


@pytest.mark.parametrize("address", ["/notifications/", "/notifications/panel/", "/"])
def test_lists_and_bell_show_its_beginning(client_of, alice, huge, address):
    client = client_of(alice)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address).content.decode()
    assert len(page) < 200_000
    assert len(queries) < 40
    if address != "/":
        assert "ä" * 1_000 in page


def test_rest_lists_its_beginning_and_reads_it_whole(alice, huge):
    program = Program(alice)
    (listed,) = program.get("notifications/")["results"]
    assert (len(listed["title"]), len(listed["message"])) == (1_000, 20_000)
    assert len(program.get(f"notifications/{huge.pk}/")["title"]) == SIZE


def test_marking_many_changes_no_text(client_of, alice, huge):
    fields = {"action": "mark_read", "_selected_action": [str(huge.pk)]}
    assert client_of(alice).post("/notifications/", fields).status_code == 302
    marked = Notification.objects.get()
    assert (marked.status, len(marked.title), len(marked.message)) == ("read", SIZE, SIZE)
