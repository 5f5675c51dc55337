"""The inbox: read, unread, archived; one's own, or everyone's."""

import pytest
from django.urls import reverse

from notifications.models import Notification
from tests.rules.rule_cast import rule_of

INBOX = "admin:notifications_notification_changelist"
MARK = "admin:notifications_notification_mark"


def notification_for(user, title="Fusion score too low", **fields):
    return Notification.objects.create(
        **{"user": user, "title": title, "type": "alert", "message": "It is 63: below 70.", "severity": "high"} | fields
    )


def titles(client, **requested):
    return [str(one) for one in client.get(reverse(INBOX), requested).context["cl"].result_list]


def status_of(notification):
    notification.refresh_from_db()
    return notification.status


def test_an_empty_inbox(client_of, alice):
    assert "Your inbox is empty" in client_of(alice).get(reverse(INBOX)).content.decode()


def test_what_is_not_archived_is_in_the_inbox(client_of, alice):
    notification_for(alice, "Old", status="archived")
    notification_for(alice, "New")
    client = client_of(alice)
    assert titles(client) == ["New"]
    assert titles(client, status="archived") == ["Old"]
    assert len(titles(client, status="")) == 2


def test_only_ones_own_unless_everyones_are_asked_for(client_of, alice, bob, olga):
    notification_for(alice, "For Alice")
    notification_for(olga, "For Olga")
    assert titles(client_of(olga)) == ["For Olga"]
    assert len(titles(client_of(olga), whose="everyone")) == 2
    assert titles(client_of(bob)) == []
    assert titles(client_of(alice), whose="everyone") == ["For Alice"]
    assert 'name="whose"' not in client_of(alice).get(reverse(INBOX)).content.decode()


def test_a_rule_of_somebody_else_is_named_without_a_link_that_leads_nowhere(client_of, alice, bob, olga):
    rule = rule_of(alice, rule_name="Of Alice")
    for person in (alice, bob, olga):
        notification_for(person, "Look", rule=rule, metadata={"rule_name": "Of Alice"})
    pages = [client_of(person).get(reverse(INBOX)).content.decode() for person in (alice, bob, olga)]
    assert ["Of Alice" in page for page in pages] == [True, True, True]
    assert [f'href="/rules/{rule.pk}/"' in page for page in pages] == [True, False, True]


def test_opening_one_marks_it_read(client_of, alice, olga):
    rule = rule_of(alice)
    one = notification_for(alice, rule=rule)
    address = reverse("admin:notifications_notification_change", args=[one.pk])
    assert client_of(olga).get(address).status_code == 200
    assert status_of(one) == "unread"
    page = client_of(alice).get(address).content.decode()
    assert "It is 63: below 70." in page
    assert reverse("admin:rules_automationrule_page", args=[rule.pk]) in page
    assert status_of(one) == "read"
    assert one.read_at


@pytest.mark.parametrize(("verb", "status"), [("read", "read"), ("unread", "unread"), ("archive", "archived")])
def test_a_row_is_marked(client_of, alice, verb, status):
    one = notification_for(alice, status="read" if verb == "unread" else "unread")
    client = client_of(alice)
    response = client.post(reverse(MARK, args=[one.pk, verb]), follow=True)
    assert "1 notification" in response.content.decode()
    assert status_of(one) == status


@pytest.mark.parametrize(
    ("action", "status"), [("mark_read", "read"), ("mark_unread", "unread"), ("archive", "archived")]
)
def test_many_are_marked(client_of, alice, action, status):
    ones = [notification_for(alice, status="read" if action == "mark_unread" else "unread") for _ in range(2)]
    client_of(alice).post(reverse(INBOX), {"action": action, "_selected_action": [one.pk for one in ones], "index": 0})
    assert {status_of(one) for one in ones} == {status}


def test_all_are_marked_read_but_only_ones_own(client_of, alice, olga):
    mine, hers = notification_for(olga), notification_for(alice)
    response = client_of(olga).post(reverse("admin:notifications_notification_read_all"), follow=True)
    assert "Marked 1 notification as read." in response.content.decode()
    assert (status_of(mine), status_of(hers)) == ("read", "unread")


def test_who_may_not_mark(client_of, alice, bob, audra):
    one = notification_for(alice)
    assert client_of(bob).post(reverse(MARK, args=[one.pk, "read"])).status_code == 404
    assert client_of(audra).post(reverse(MARK, args=[one.pk, "read"])).status_code == 403
    assert client_of(alice).post(reverse(MARK, args=[one.pk, "burn"])).status_code == 404
    assert client_of(alice).get(reverse(MARK, args=[one.pk, "read"])).status_code == 405
    client_of(audra).post(
        reverse(INBOX) + "?whose=everyone", {"action": "archive", "_selected_action": [one.pk], "index": 0}
    )
    assert status_of(one) == "unread"


def test_notifications_are_not_written_or_deleted_by_hand(client_of, ada):
    one = notification_for(ada)
    client = client_of(ada)
    assert client.get(reverse("admin:notifications_notification_add")).status_code == 403
    assert client.post(reverse("admin:notifications_notification_delete", args=[one.pk])).status_code == 403


def test_what_stands_in_a_notification_is_text(client_of, alice):
    notification_for(alice, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in client_of(alice).get(reverse(INBOX)).content.decode()


def test_queries_do_not_grow(client_of, olga, alice, django_assert_max_num_queries):
    for n in range(12):
        notification_for(alice, f"No. {n}", rule=rule_of(alice))
    client = client_of(olga)
    with django_assert_max_num_queries(20):
        assert len(titles(client, whose="everyone")) == 12
