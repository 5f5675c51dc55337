"""A column of facts is an object, whatever another application put in it."""

from typing import Any

import pytest
from django.db import connection

from notifications.filters import NotificationFilter
from notifications.models import Notification
from smartagent.models import User


@pytest.fixture
def _kept_as_text(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications ALTER metadata TYPE text USING metadata::text")


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ('{"metric": "cpu"}', {"metric": "cpu"}),
        (None, {}),
        ("null", {}),
        ("[1, 2]", {"value": [1, 2]}),
        ('"cpu"', {"value": "cpu"}),
        ("not {json", {"text": "not {json"}),
        ("", {"text": ""}),
    ],
)
@pytest.mark.usefixtures("_kept_as_text")
def test_facts_kept_as_text_are_an_object(alice: User, kept: str | None, read: dict[str, Any]) -> None:
    note = Notification.objects.create(user=alice, type="info", title="t", message="m")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications SET metadata = %s", [kept])
    assert Notification.objects.get(pk=note.pk).metadata == read


@pytest.mark.usefixtures("_kept_as_text")
def test_facts_are_written_to_text_as_well(alice: User) -> None:
    note = Notification.objects.create(user=alice, type="info", title="t", message="m", metadata={"metric": "cpu"})
    note.refresh_from_db()
    assert note.metadata == {"metric": "cpu"}
    assert NotificationFilter({"metric": "cpu"}, Notification.objects.all()).qs.count() == 1
    assert NotificationFilter({"metric": "cp"}, Notification.objects.all()).qs.count() == 0
