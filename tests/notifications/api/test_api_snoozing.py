"""Snoozing by REST, and doing something to many at once."""

from datetime import timedelta

import pytest

from tests.api import Program
from tests.notifications.inbox_cast import again, notification_for
from tests.notifications.outside import START


def test_one_is_snoozed_and_comes_back(alice, clock):
    address = f"notifications/{notification_for(alice, status='read').pk}/"
    program = Program(alice)
    answer = program.post(f"{address}snooze/", {"length": "4h"})
    assert (answer["status"], answer["snoozed_until"]) == ("unread", "2026-03-02T14:00:00Z")
    assert program.get("notifications/unread-count/") == {"unread": 0}
    assert program.get("notifications/?status=inbox")["results"] == []
    assert [one["id"] for one in program.get("notifications/?status=snoozed")["results"]] == [answer["id"]]
    clock.move_to(START + timedelta(hours=4))
    program = Program(alice)
    assert program.get("notifications/unread-count/") == {"unread": 1}
    assert program.get("notifications/?status=snoozed")["results"] == []


def test_until_a_time(alice, clock):
    one = notification_for(alice)
    Program(alice).post(f"notifications/{one.pk}/snooze/", {"until": "2026-03-03T09:00:00+01:00"})
    assert f"{again(one).snoozed_until:%d %H:%M}" == "03 08:00"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "until"),
        ({"until": "2026-03-02T09:00:00Z"}, "until"),
        ({"until": "2026-05-02T09:00:00Z"}, "until"),
        ({"until": "2026-03-02T12:00:00Z", "length": "1h"}, "until"),
        ({"length": "2h"}, "length"),
        ({"for": "1h"}, "for"),
    ],
)
def test_what_is_no_time_is_said(alice, clock, body, field):
    one = notification_for(alice)
    assert [*Program(alice).post(f"notifications/{one.pk}/snooze/", body, status=400)] == [field]
    assert again(one).snoozed_until is None


@pytest.mark.parametrize(
    ("requested", "status"),
    [({"verb": "read"}, "read"), ({"verb": "archive"}, "archived"), ({"verb": "snooze", "length": "1h"}, "unread")],
)
def test_many_at_once_but_only_what_one_may_change(alice, bob, clock, requested, status):
    mine, hers = [notification_for(bob), notification_for(bob)], notification_for(alice)
    ids = [str(one.pk) for one in (*mine, hers)]
    assert Program(bob).post("notifications/mark/", {"ids": ids} | requested)["changed"] == 2
    assert {again(one).status for one in mine} == {status}
    assert {again(one).snoozed_until is not None for one in mine} == {requested["verb"] == "snooze"}
    assert (again(hers).status, hers.snoozed_until) == ("unread", None)


def test_what_is_so_already_is_not_counted(alice, clock):
    ids = [str(notification_for(alice).pk), str(notification_for(alice, status="read").pk)]
    assert Program(alice).post("notifications/mark/", {"ids": ids, "verb": "unread"})["changed"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ids": [], "verb": "read"}, "ids"),
        ({"ids": ["no"], "verb": "read"}, "ids.0"),
        ({"ids": ["6f0c0a53-6b1c-4c37-9d0c-3f1a5f0b8a11"], "verb": "burn"}, "verb"),
        ({"ids": ["6f0c0a53-6b1c-4c37-9d0c-3f1a5f0b8a11"], "verb": "read", "length": "1h"}, "length"),
        ({"ids": ["6f0c0a53-6b1c-4c37-9d0c-3f1a5f0b8a11"], "verb": "snooze"}, "until"),
    ],
)
def test_what_is_wrong_with_a_request_for_many_is_said(alice, clock, body, field):
    assert [*Program(alice).post("notifications/mark/", body, status=400)] == [field]


def test_who_may_not(alice, bob, audra, clock):
    one = notification_for(alice)
    Program(bob).post(f"notifications/{one.pk}/snooze/", {"length": "1h"}, status=404)
    Program(audra).post(f"notifications/{one.pk}/snooze/", {"length": "1h"}, status=403)
    Program(audra).post("notifications/mark/", {"ids": [str(one.pk)], "verb": "read"}, status=403)
    assert (again(one).status, one.snoozed_until) == ("unread", None)
