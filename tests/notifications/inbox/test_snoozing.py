"""Snoozed: away until a time, then unread again, by itself."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from notifications.inbox.snooze import clock, snoozes
from notifications.models import Notification
from tests.api import Program
from tests.notifications.inbox_cast import again, notification_for
from tests.notifications.outside import START

INBOX = "admin:notifications_notification_changelist"
SNOOZE = "admin:notifications_notification_snooze"
HOUR = timedelta(hours=1)


def titles(client, **requested):
    return [str(one) for one in client.get(reverse(INBOX), requested).context["cl"].result_list]


def unread_of(client):
    return client.get("/badges/").json()["unread"]


@pytest.mark.parametrize("status", ["unread", "read", "archived"])
def test_it_is_away_and_then_comes_back_unread(client_of, alice, clock, status):
    one = notification_for(alice, status=status)
    client = client_of(alice)
    response = client.post(reverse(SNOOZE, args=[one.pk]), {"length": "1h"}, follow=True)
    assert "Snoozed 1 notification until 11:00." in response.content.decode()
    assert again(one).snoozed_until == START + HOUR
    assert (titles(client), titles(client, status="snoozed"), unread_of(client)) == ([], [one.title], "")
    assert (titles(client, status="unread"), titles(client, status="read")) == ([], [])
    clock.move_to(START + HOUR)
    client = client_of(alice)
    assert (titles(client), titles(client, status="snoozed"), unread_of(client)) == ([one.title], [], "1")
    assert titles(client, status="returned") == [one.title]
    page = client.get(reverse(INBOX)).content.decode()
    assert "1 returned from snooze" in page
    assert "returned from snooze</span>" in page


def test_what_has_come_back_and_was_read_is_no_longer_named(client_of, alice, clock):
    one = notification_for(alice, snoozed_until=START - HOUR)
    client = client_of(alice)
    client.get(reverse("admin:notifications_notification_change", args=[one.pk]))
    assert (again(one).status, one.snoozed_until) == ("read", None)
    assert "returned from snooze</span>" not in client.get(reverse(INBOX)).content.decode()


def test_looking_at_a_snoozed_one_leaves_it_snoozed(client_of, alice, clock):
    one = notification_for(alice, snoozed_until=START + HOUR)
    page = client_of(alice).get(reverse("admin:notifications_notification_change", args=[one.pk])).content.decode()
    assert "snoozed until" in page
    assert "End snooze" in page
    assert (again(one).status, one.snoozed_until) == ("unread", START + HOUR)


@pytest.mark.parametrize(("verb", "status"), [("read", "read"), ("unread", "unread"), ("archive", "archived")])
def test_whatever_else_is_done_to_it_ends_the_snooze(client_of, alice, clock, verb, status):
    one = notification_for(alice, snoozed_until=START + HOUR)
    client_of(alice).post(reverse("admin:notifications_notification_mark", args=[one.pk, verb]))
    assert (again(one).status, one.snoozed_until) == (status, None)


def test_marking_all_as_read_leaves_what_is_snoozed(client_of, alice, clock):
    awake, away = notification_for(alice), notification_for(alice, snoozed_until=START + HOUR)
    client_of(alice).post(reverse("admin:notifications_notification_read_all"))
    assert (again(awake).status, again(away).status) == ("read", "unread")
    assert Program(alice).post("notifications/read-all/") == {"marked": 0}


def test_the_next_morning_is_that_of_the_person(client_of, alice, clock):
    alice.time_zone = "America/New_York"
    alice.save()
    one = notification_for(alice)
    client = client_of(alice)
    client.post(reverse(SNOOZE, args=[one.pk]), {"length": "morning"})
    assert again(one).snoozed_until == datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # 9 in New York, where it is 5 now


def test_until_a_time_of_the_persons_own(client_of, alice, clock):
    alice.time_zone = "Europe/Berlin"
    alice.save()
    one = notification_for(alice)
    client_of(alice).post(reverse(SNOOZE, args=[one.pk]), {"until": "2026-03-04T07:30"})
    assert again(one).snoozed_until == datetime(2026, 3, 4, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"until": "soon"}, "is not a time"),
        ({"until": "2026-13-45T99:99"}, "is not a time"),
        ({"until": "2026-03-02T09:59"}, "in the future"),
        ({"until": "2027-03-02T10:00"}, "30 days"),
        ({"length": "2h"}, "not a snooze duration"),
        ({}, "not a snooze duration"),
    ],
)
def test_what_is_no_time_is_said(client_of, alice, clock, message, words):
    one = notification_for(alice)
    page = client_of(alice).post(reverse(SNOOZE, args=[one.pk]), message)
    assert words in page.content.decode()
    assert again(one).snoozed_until is None


def test_the_page_says_when_each_would_end(client_of, alice, clock):
    page = client_of(alice).get(reverse(SNOOZE, args=[notification_for(alice).pk])).content.decode()
    for words in ("For 1 hour", "11:00", "For 4 hours", "14:00", "tomorrow 09:00"):
        assert words in page


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_leads_back_to_pages_of_ours_only(client_of, alice, clock, address):
    one = notification_for(alice)
    response = client_of(alice).post(reverse(SNOOZE, args=[one.pk]), {"length": "1h", "next": address})
    assert response.headers["location"] == reverse(INBOX)


@pytest.mark.parametrize(("action", "hours"), [("snooze_1h", 1), ("snooze_4h", 4), ("snooze_morning", 23)])
def test_many_are_snoozed(client_of, alice, clock, action, hours):
    ones = [notification_for(alice, f"No. {n}") for n in range(3)]
    chosen = {"action": action, "_selected_action": [one.pk for one in ones[:2]], "index": 0}
    client_of(alice).post(reverse(INBOX), chosen)
    assert [again(one).snoozed_until for one in ones] == [START + hours * HOUR] * 2 + [None]


def test_who_may_not_snooze(client_of, alice, bob, audra, clock):
    one = notification_for(alice)
    assert client_of(bob).post(reverse(SNOOZE, args=[one.pk]), {"length": "1h"}).status_code == 404
    assert client_of(audra).post(reverse(SNOOZE, args=[one.pk]), {"length": "1h"}).status_code == 403
    assert Notification.objects.get().snoozed_until is None


@pytest.mark.parametrize(
    ("hours", "words"),
    [(1, "11:00"), (23, "tomorrow 09:00"), (72, "Thursday 10:00"), (24 * 20, "22 March, 10:00")],
)
def test_a_time_to_come_in_words(hours, words):
    assert clock(START + hours * HOUR, START, ZoneInfo("UTC")) == words


def test_on_a_friday_the_next_working_morning_is_that_of_monday():
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)
    assert snoozes(friday, ZoneInfo("UTC"))[-1].ends == "Monday 09:00"
