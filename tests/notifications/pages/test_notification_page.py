"""The page of one notification: why it was told, and where it went, to whom, and why not."""

import json
import re
from uuid import uuid4

import pytest
from django.urls import reverse

from notifications.delivery.worker import deliver
from notifications.gateway import Message, post
from notifications.inbox.trace import why_of
from notifications.models import Channel, Delivery, Mute, Notification, Preference
from tests.api import Program
from tests.notifications.inbox_cast import notification_for
from tests.notifications.outside import MINUTE, START, channel_of, tell
from tests.rules.rule_cast import entry_of, rule_of

NIGHT = {"days": [0, 1, 2, 3, 4, 5, 6], "from": "09:00", "until": "12:00"}


def only():
    return Notification.objects.get()


def page_of(client, notification):
    address = reverse("admin:notifications_notification_change", args=[notification.pk])
    return client.get(address).content.decode()


def words(page):
    """What stands under “Deliveries”, as text."""
    part = page[page.index(">Deliveries</h2>") + 1 : page.index("</section>", page.index(">Deliveries</h2>"))]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip()


def test_it_leads_to_why_it_was_told_and_shows_its_numbers(client_of, alice, clock):
    rule = rule_of(alice)
    entry = entry_of(rule, START)
    one = notification_for(alice, rule=rule, metadata={"entry": str(entry.pk), "metric": "fusion_score", "value": 63.0})
    page = page_of(client_of(alice), one)
    assert f'href="/activity/{entry.pk}/change/">Why?</a>' in page
    assert "<span>Value</span> <span>63</span>" in page


def test_no_way_to_an_entry_that_one_may_not_see(client_of, alice, bob, clock):
    entry = entry_of(rule_of(bob), START)
    one = notification_for(alice, metadata={"entry": str(entry.pk)})
    assert "Why?</a>" not in page_of(client_of(alice), one).replace("bell-panel", "")


def test_each_channel_with_its_outcome(client_of, alice, httpserver, clock):
    httpserver.expect_request("/good").respond_with_data("ok")
    httpserver.expect_request("/bad").respond_with_data("gone", status=410)
    channel_of(alice, name="good", url=httpserver.url_for("/good"))
    channel_of(alice, name="bad", position=1, url=httpserver.url_for("/bad"))
    tell(alice)
    deliver(START)
    notification = words(page_of(client_of(alice), Notification.objects.get(title="CPU is high")))
    assert "good (webhook) Delivered" in notification
    assert "bad (webhook) Failed Answered 410." in notification
    assert notification.count("1 attempt") == 2


def test_a_channel_that_its_person_does_not_want(client_of, alice, clock):
    channel = channel_of(alice, url="http://127.0.0.1/")
    Preference.objects.create(user=alice, matrix={str(channel.pk): {"high": "off"}})
    tell(alice)
    assert "Not sent Disabled by preferences: high on “webhook”." in words(page_of(client_of(alice), only()))


def test_quiet_hours(client_of, alice, clock):
    channel_of(alice, url="http://127.0.0.1/")
    Preference.objects.create(user=alice, quiet=[NIGHT])
    tell(alice)
    assert "Held Quiet hours until 2 Mar 2026, 12:00." in words(page_of(client_of(alice), only()))


def test_a_rule_that_is_muted(client_of, alice, clock):
    rule = rule_of(alice)
    Mute.objects.create(user=alice, rule=rule)
    tell(alice, rule_id=rule.pk)
    assert "No channel Not sent This rule is muted." in words(page_of(client_of(alice), only()))


def test_no_channel_yet(client_of, alice, clock):
    tell(alice)
    assert "Waiting for a channel No channel yet." in words(page_of(client_of(alice), only()))


def test_too_many_in_a_minute_and_bundled(client_of, alice, httpserver, clock, settings):
    settings.NOTIFICATIONS_PER_MINUTE = 1
    httpserver.expect_request("/hook").respond_with_data("ok")
    channel_of(alice, url=httpserver.url_for("/hook"))
    for n in range(3):
        tell(alice, title=f"No. {n}")
    deliver(START)
    bundled = Delivery.objects.filter(status="bundled").first()
    assert bundled is not None
    page = page_of(client_of(alice), bundled.notification)
    assert "Bundled Rate limit exceeded." in words(page)
    assert "bundled into 2 notifications , due" in words(page)
    assert f'href="/deliveries/{bundled.bundle_id}/change/"' in page


def test_a_channel_whose_breaker_is_open(client_of, alice, clock):
    channel = channel_of(alice, url="http://127.0.0.1/")
    tell(alice)
    Channel.objects.filter(pk=channel.pk).update(opened_at=START - MINUTE, retry_at=START + 4 * MINUTE)
    page = words(page_of(client_of(alice), only()))
    assert "The channel has been failing since 09:59; next attempt at 10:04." in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "Waiting for a free worker."),
        ({"due_at": START + MINUTE, "cause": "Answered 503."}, "Answered 503. Scheduled for 10:01."),
        ({"status": "delivered"}, ""),
        ({"status": "skipped", "cause": "This rule is muted."}, "This rule is muted."),
    ],
)
def test_why_a_delivery_stands_where_it_stands(alice, clock, changed, words):
    channel = channel_of(alice, url="http://127.0.0.1/")
    (delivery,) = tell(alice)
    for name, value in changed.items():
        setattr(delivery, name, value)
    assert why_of(delivery, channel, START) == words


def test_where_the_channel_is_off_or_gone_that_is_why(alice, clock):
    channel = channel_of(alice, url="http://127.0.0.1/")
    (delivery,) = tell(alice)
    channel.enabled = False
    assert why_of(delivery, channel, START) == "The channel is disabled."
    assert why_of(delivery, None, START) == "The channel was deleted."


@pytest.fixture
def one_entry(alice, bob, clock):
    """An activity entry that told Alice and Bob; and another of the same rule, that told Bob."""
    rule = rule_of(alice)
    channel_of(bob, name="Bob's phone", url="http://127.0.0.1/")
    entries = [str(entry_of(rule, START).pk), str(uuid4())]
    recipients = [(alice, entries[0]), (bob, entries[0]), (bob, entries[1])]
    post(
        [
            Message(user_id=who.pk, rule_id=rule.pk, type="alert", title="Low", message="63", severity="high",
                    metadata={"entry": entry})
            for who, entry in recipients
        ],
        START,
    )  # fmt: skip
    return Notification.objects.get(user=alice)


def test_an_operator_sees_to_whom_else_the_same_went(client_of, olga, one_entry):
    page = words(page_of(client_of(olga), one_entry))
    assert page.startswith("Deliveries Alice Inbox Unread No channel Waiting for a channel")
    assert "Bob Inbox Unread Bob&#x27;s phone (webhook) Due" in page.replace("'", "&#x27;")
    assert page.count("Inbox") == 2


def test_a_member_sees_only_where_their_own_went(client_of, alice, one_entry):
    page = words(page_of(client_of(alice), one_entry))
    assert page.count("Inbox") == 1
    assert "phone" not in page


def test_by_rest(alice, bob, olga, one_entry):
    address = f"notifications/{one_entry.pk}/deliveries/"
    mine, both = Program(alice).get(address), Program(olga).get(address)
    assert [(one["user"], one["inbox"]) for one in mine] == [(str(alice.pk), "unread")]
    assert [one["user"] for one in both] == [str(alice.pk), str(bob.pk)]
    (delivery,) = both[1]["deliveries"]
    assert (delivery["channel_name"], delivery["status"], delivery["attempts"]) == ("Bob's phone", "due", [])
    assert delivery["cause"] == "Waiting for a free worker."
    assert mine[0]["deliveries"][0]["cause"] == "No channel yet."
    Program(bob).get(address, status=404)


def test_secrets_of_channels_are_not_in_it(client_of, alice, clock):
    channel_of(alice, "slack", url="https://hooks.slack.com/services/T/B/secret")
    tell(alice)
    assert "T/B/secret" not in page_of(client_of(alice), only())
    assert "T/B/secret" not in json.dumps(Program(alice).get(f"notifications/{only().pk}/deliveries/"))


def test_the_number_of_queries_does_not_grow(client_of, olga, alice, clock, django_assert_max_num_queries):
    rule = rule_of(alice)
    entry = str(entry_of(rule, START).pk)
    channels = [channel_of(alice, name=f"No. {n}", url="http://127.0.0.1/") for n in range(6)]
    for _ in range(5):
        tell(alice, rule_id=rule.pk, metadata={"entry": entry})
    one = Notification.objects.filter(user=alice).first()
    assert Delivery.objects.of_notifications([one.pk]).count() == len(channels)
    client = client_of(olga)
    page_of(client, one)  # what a process remembers of the schema has been asked
    with django_assert_max_num_queries(18):
        page_of(client, one)


def test_a_notification_of_the_old_application_without_anything(client_of, alice, clock):
    one = notification_for(alice, severity=None, created_at=None, metadata=None)
    page = words(page_of(client_of(alice), one))
    assert "Inbox only; no channel was used." in page
