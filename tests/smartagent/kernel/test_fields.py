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


UNUSABLE = {
    "nested too deeply": "[" * 3000 + "]" * 3000,
    "an object nested too deeply": '{"a": ' * 200 + "1" + "}" * 200,
    "a number of too many digits": f'{{"n": {"9" * 5000}}}',
    "a number that is too large": '{"n": 1e400}',
    "no number": '{"n": NaN}',
    "half a character": r'{"t": "\ud800"}',
}


@pytest.mark.parametrize("kept", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.usefixtures("_kept_as_text")
def test_json_that_cannot_be_used_is_text_and_is_kept_as_it_was(alice: User, kept: str) -> None:
    note = Notification.objects.create(user=alice, type="info", title="t", message="m")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications SET metadata = %s", [kept])
    note.refresh_from_db()
    assert note.metadata == {"text": kept}
    note.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT metadata FROM notifications")
        assert cursor.fetchall() == [(kept,)]


def test_brackets_in_a_text_are_no_depth(alice: User) -> None:
    kept = {"text": "[" * 3000 + '"' + "{" * 3000}
    note = Notification.objects.create(user=alice, type="info", title="t", message="m", metadata=kept)
    note.refresh_from_db()
    assert note.metadata == kept


@pytest.mark.usefixtures("_kept_as_text")
def test_facts_are_written_to_text_as_well(alice: User) -> None:
    note = Notification.objects.create(user=alice, type="info", title="t", message="m", metadata={"metric": "cpu"})
    note.refresh_from_db()
    assert note.metadata == {"metric": "cpu"}
    assert NotificationFilter({"metric": "cpu"}, Notification.objects.all()).qs.count() == 1
    assert NotificationFilter({"metric": "cp"}, Notification.objects.all()).qs.count() == 0
