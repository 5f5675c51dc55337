"""The bell on every page, and the panel that it opens."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.notifications.inbox_cast import again, notification_for
from tests.notifications.outside import START
from tests.rules.rule_cast import entry_of, rule_of

PANEL = "admin:notifications_notification_panel"
HOUR = timedelta(hours=1)


def panel_of(client, **requested):
    return client.get(reverse(PANEL), requested).content.decode()


def shown(page):
    return re.findall(r'aria-label="Archive: ([^"]*)"', page)


@pytest.mark.parametrize("address", ["/", "/rules/", "/notifications/", "/profile/", "/nowhere/"])
def test_the_bell_is_on_every_page_with_the_number(client_of, alice, address):
    notification_for(alice)
    page = client_of(alice).get(address).content.decode()
    bell = page[page.index('<a id="bell"') :]
    assert 'href="/notifications/"' in bell
    assert '<span data-badge="unread">1</span><span class="sr-only"> unread</span>' in bell


def test_no_bell_for_who_may_not_see_notifications(client_of, alice):
    alice.groups.clear()
    assert 'id="bell"' not in client_of(alice).get("/profile/").content.decode()
    assert client_of(alice).get(reverse(PANEL)).status_code == 403
    assert Client().get(reverse(PANEL)).status_code == 302


def test_the_number_is_asked_for_once_a_page(client_of, alice):
    client = client_of(alice)
    with CaptureQueriesContext(connection) as requested:
        page = client.get("/profile/").content.decode()
    assert page.count('data-badge="unread"') == 2
    assert len([query for query in requested if 'FROM "notifications"' in query["sql"]]) == 1


def test_what_is_unread_stands_before_what_is_read(client_of, alice, clock):
    notification_for(alice, "Read", status="read", created_at=START + HOUR)
    notification_for(alice, "Old", created_at=START - HOUR)
    notification_for(alice, "New")
    notification_for(alice, "Gone", status="archived")
    notification_for(alice, "Away", snoozed_until=START + HOUR)
    assert shown(panel_of(client_of(alice))) == ["New", "Old", "Read"]


def test_what_comes_back_from_a_snooze_stands_where_it_came_back(client_of, alice, clock):
    notification_for(alice, "Back", created_at=START - 48 * HOUR, snoozed_until=START - HOUR / 2)
    for n in range(12):
        notification_for(alice, f"No. {n}", created_at=START - (n + 1) * HOUR)
    page = panel_of(client_of(alice))
    assert shown(page)[:2] == ["Back", "No. 0"]
    assert len(shown(page)) == 10
    assert 'data-unread="13"' in page
    assert "3 more unread" in page


def test_only_ones_own(client_of, alice, olga, clock):
    notification_for(alice)
    assert "No unread notifications." in panel_of(client_of(olga))


def test_each_leads_to_why_it_was_told(client_of, alice, clock):
    entry = entry_of(rule_of(alice), START)
    notification_for(alice, metadata={"entry": str(entry.pk)})
    assert f'href="/activity/{entry.pk}/change/"' in panel_of(client_of(alice))


def test_it_leads_to_no_entry_of_a_rule_of_somebody_else(client_of, alice, bob, clock):
    notification_for(alice, metadata={"entry": str(entry_of(rule_of(bob), START).pk)})
    assert "/activity/" not in panel_of(client_of(alice)).partition("sa-panel")[2]


def test_what_is_done_in_the_panel_is_answered_by_the_panel(client_of, alice, clock):
    first, second = notification_for(alice, "One"), notification_for(alice, "Two")
    client = client_of(alice)
    address = reverse("admin:notifications_notification_mark", args=[first.pk, "archive"])
    page = client.post(address, headers={"X-Panel": "1"}).content.decode()
    assert (shown(page), again(first).status) == (["Two"], "archived")
    assert 'data-result="Archived 1 notification."' in page
    page = client.post(reverse("admin:notifications_notification_read_all"), headers={"X-Panel": "1"}).content.decode()
    assert ('data-unread=""' in page, again(second).status) == (True, "read")
    assert "Mark all as read" not in page


def test_an_auditor_gets_no_buttons(client_of, audra, clock):
    notification_for(audra)
    page = panel_of(client_of(audra))
    assert "It is" not in page
    assert "Fusion score too low" in page
    assert "<button" not in page


def test_what_stands_in_it_is_text(client_of, alice, clock):
    notification_for(alice, "<script>alert(1)</script>")
    assert "<script>" not in panel_of(client_of(alice))


def test_the_number_of_queries_does_not_grow(client_of, alice, clock, django_assert_max_num_queries):
    client = client_of(alice)
    for count in (1, 9):
        for n in range(count):
            notification_for(alice, f"No. {n}", metadata={"entry": "6f0c0a53-6b1c-4c37-9d0c-3f1a5f0b8a11"})
        # session, person, two for permissions; count, back, unread, read, entries, alerts
        with django_assert_max_num_queries(4 + 6):
            panel_of(client)
