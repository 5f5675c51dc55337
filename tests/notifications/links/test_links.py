"""Links in messages: they ask, and do one thing, in one person's name, without a sign-in."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from notifications.delivery.rendering import message_of
from notifications.gateway import Message, post
from notifications.links.signing import ACKNOWLEDGE, UNSUBSCRIBE, Link, address, links_of
from notifications.models import Channel, Delivery, Mute, Notification
from rules.configuration.events import change_in_words
from rules.configuration.listing import kind_of, values_of, visible_changes
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, MetricSample, RuleState
from tests.notifications.outside import START, channel_of
from tests.rules.rule_cast import rule_of, saved_by, state_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def stranger():
    """A browser that nobody has signed in to, and that checks forged forms."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def fires(alice, clock):
    """Alice's CPU is at 95, and her rule has told her by mail."""
    channel_of(alice, "email", to="alice@example.com")
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90, rule_name="CPU")
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=START)
    dispatch(START, "command")
    return rule.states.get()


def link_of(name="acknowledge_url"):
    """The link of this name in the newest message, from its path on."""
    newest = Delivery.objects.select_related("notification", "user", "rule", "channel").latest("created_at")
    return urlsplit(getattr(message_of(newest), name)).path


def content_of(response, status=200):
    assert response.status_code == status, response.content.decode()
    return response.content.decode()


def changed_by(person):
    """The changes of the configuration by this person, in words."""
    return [
        f"{kind_of(entry)}: {'; '.join(map(change_in_words, values_of(entry)))}, {entry.context['reason']}"
        for entry in visible_changes(person)
        if entry.context["by"] == str(person.pk)
    ]


def handling(state):
    state.refresh_from_db()
    return state.handling


def test_looking_at_a_link_does_nothing(fires, stranger):
    for _ in range(3):
        page = content_of(stranger.get(link_of()))
        stranger.head(link_of())
    assert "CPU" in page
    assert "Acknowledge" in page
    assert handling(fires) == "open"
    assert ActivityEntry.objects.filter(event_type="instance_acknowledged").count() == 0


def test_the_button_acknowledges_in_the_name_of_who_was_told(fires, alice, stranger):
    page = content_of(stranger.post(link_of(), {"do": "acknowledge"}))
    assert "Alice acknowledged the alert" in page
    assert handling(fires) == "acknowledged"
    assert fires.handled_by == alice
    assert ActivityEntry.objects.get(event_type="instance_acknowledged").context["comment"] == (
        "By a link in a notification."
    )


@pytest.mark.parametrize(("choice", "until"), [
    ("1h", START + HOUR), ("4h", START + 4 * HOUR), ("morning", START + timedelta(hours=22)),
])  # fmt: skip
def test_it_is_snoozed(fires, alice, stranger, choice, until):
    alice.time_zone = "Europe/Berlin"  # nine o'clock there is eight in UTC
    alice.save()
    page = content_of(stranger.post(link_of(), {"do": choice}))
    assert "Alice snoozed the alert until" in page
    assert handling(fires) == "snoozed"
    assert fires.handled_until == until


def test_another_choice_is_none(fires, stranger):
    assert "Choose one of the buttons" in content_of(stranger.post(link_of(), {"do": "for ever"}), 400)
    assert handling(fires) == "open"


def test_what_was_done_already_is_said_and_not_done_again(fires, stranger):
    link = link_of()
    stranger.post(link, {"do": "1h"})
    for page in (content_of(stranger.get(link)), content_of(stranger.post(link, {"do": "acknowledge"}))):
        assert "Alice already snoozed the alert until 2 Mar 2026, 11:00." in page
        assert 'name="do"' not in page
    assert handling(fires) == "snoozed"


def test_what_has_resolved_is_said(fires, alice, clock, stranger):
    link = link_of()
    clock.shift(HOUR)
    MetricSample.objects.push(user=alice, metric="cpu", value=5, observed_at=START + HOUR)
    dispatch(START + HOUR, "command")
    for page in (content_of(stranger.get(link)), content_of(stranger.post(link))):
        assert "The alert is no longer firing" in page
    assert handling(fires) == "open"


def test_a_message_of_an_earlier_episode_does_nothing_to_a_later_one(fires, alice, clock, stranger):
    link = link_of()
    for hours, value in ((1, 5), (2, 99)):
        MetricSample.objects.push(user=alice, metric="cpu", value=value, observed_at=START + hours * HOUR)
        dispatch(START + hours * HOUR, "command")
    assert "The current alert has its own notification" in content_of(stranger.post(link))
    assert handling(fires) == "open"


def test_what_is_gone_is_said(fires, stranger):
    link = link_of()
    Notification.objects.all().delete()
    assert "was deleted" in content_of(stranger.post(link), 410)


@pytest.mark.parametrize("lost", ["deactivated", "no group", "auditor"])
def test_who_may_not_do_it_any_more_is_refused(fires, alice, audra, stranger, lost):
    link = link_of()
    alice.groups.set(audra.groups.all() if lost == "auditor" else [])
    if lost == "deactivated":
        alice.is_active = False
        alice.save()
    for response in (stranger.get(link), stranger.post(link)):
        assert "You no longer have permission" in content_of(response, 403)
    assert handling(fires) == "open"


def test_a_link_is_for_seven_days(fires, clock, stranger):
    link = link_of()
    clock.shift(timedelta(days=7, minutes=1))
    assert "invalid or has expired" in content_of(stranger.post(link), 410)


def test_a_link_is_for_one_purpose_and_one_person(fires, alice, bob, stranger):
    token = link_of().split("/")[3]
    assert stranger.post(f"/links/unsubscribe/{token}/").status_code == 410
    assert stranger.post(f"/links/acknowledge/{token[:-2]}xx/").status_code == 410
    notification = Notification.objects.get()
    foreign = urlsplit(address(ACKNOWLEDGE, Link(notification.pk, bob.pk))).path
    assert stranger.post(foreign).status_code == 410
    assert handling(fires) == "open"


def test_no_cookie_is_set_or_needed(fires, stranger):
    assert not stranger.get(link_of()).cookies
    assert not stranger.post(link_of()).cookies


def group(alice, rule, now, count, **facts):
    message = Message(
        user_id=alice.pk, rule_id=rule.pk, type="alert", title="CPU: 3 fire", message="3 fire.", severity="high",
        metadata={"rule": str(rule.pk), "count": count} | facts,
    )  # fmt: skip
    post([message], now)
    return Delivery.objects.get(notification=message.id)


def test_a_group_is_acknowledged_as_a_whole_and_nothing_else(alice, bob, clock, stranger):
    channel_of(alice, "email", to="alice@example.com")
    rule, other = rule_of(alice, rule_name="CPU"), rule_of(alice, rule_name="Disk")
    states = [state_of(rule, START, target=name, last_notified_at=START) for name in ("a", "b")]
    later = state_of(rule, START, user=bob, last_notified_at=START + HOUR)
    resolved = state_of(rule, START, "ok", target="c", last_notified_at=START)
    untold = state_of(rule, START, target="d", last_notified_at=None)
    before = state_of(rule, START, target="e", last_notified_at=START - HOUR)
    another = state_of(other, START, last_notified_at=START)
    group(alice, rule, START, 3)
    link = link_of()
    assert "Of 3 instances that are still firing." in content_of(stranger.get(link))
    assert "acknowledged 3 instances" in content_of(stranger.post(link))
    assert {handling(state) for state in (*states, later)} == {"acknowledged"}
    assert {handling(state) for state in (resolved, untold, before, another)} == {"open"}
    assert "already acknowledged the alert" in content_of(stranger.post(link))


def test_what_a_tick_told_of_many_people_is_acknowledged_by_one_link(olga, alice, bob, clock, stranger):
    channel_of(olga, "email", to="olga@example.com")
    rule_of(olga, metric_type="cpu", condition_operator=">", threshold_value=90, applies_to="everyone")
    for person in (alice, bob, olga):
        MetricSample.objects.push(user=person, metric="cpu", value=95, observed_at=START)
    dispatch(START, "command")
    assert Notification.objects.get().metadata["count"] == 3
    assert "Of 3 instances that are still firing." in content_of(stranger.get(link_of()))
    content_of(stranger.post(link_of(), {"do": "4h"}))
    assert {*RuleState.objects.values_list("handling", "handled_by")} == {("snoozed", olga.pk)}


def test_an_escalation_of_many_reaches_what_was_told_when_it_began(alice, clock, stranger):
    channel_of(alice, "email", to="alice@example.com")
    rule = rule_of(alice, rule_name="CPU")
    states = [state_of(rule, START, target=name, last_notified_at=START) for name in ("a", "b")]
    group(alice, rule, START + HOUR, 2, since=START.isoformat())
    assert "acknowledged 2 instances" in content_of(stranger.post(link_of()))
    assert {handling(state) for state in states} == {"acknowledged"}


def test_who_was_told_may_acknowledge_the_rule_of_another(alice, bob, olga, clock, stranger):
    channel_of(bob, "email", to="bob@example.com")
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90,
                   action_config={"recipients": ["bob@example.com"]})  # fmt: skip
    saved_by(rule, olga)
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=START)
    dispatch(START, "command")
    assert "Bob acknowledged the alert" in content_of(stranger.post(link_of()))


def test_a_message_that_tells_of_no_firing_has_no_link(alice, clock):
    channel_of(alice, "email", to="alice@example.com")
    post([Message(user_id=alice.pk, type="info", title="Hello", message="", severity="low", metadata={})], START)
    delivery = Delivery.objects.get()
    assert "acknowledge_url" not in links_of(delivery, {})


# -- unsubscribing --------------------------------------------------------------------------------------------------


def test_looking_at_unsubscribe_does_nothing(fires, stranger):
    page = content_of(stranger.get(link_of("unsubscribe_url")))
    stranger.head(link_of("unsubscribe_url"))
    assert "Unsubscribe from “email”?" in page
    assert "Only mute the rule “CPU”" in page
    assert Channel.objects.get().enabled


def test_one_click_unsubscribes_without_a_page(fires, alice, stranger):
    """RFC 8058: a POST with this body, without cookies, and whatever comes after it says the same."""
    link = link_of("unsubscribe_url")
    body = "List-Unsubscribe=One-Click"
    content_of(stranger.post(link, body, content_type="application/x-www-form-urlencoded"))
    assert not Channel.objects.get().enabled
    assert changed_by(alice) == ["channel: enabled yes → no, by a link in a message"]
    assert Notification.objects.filter(title="“email” is disabled", user=alice).count() == 1
    for response in (stranger.get(link), stranger.post(link, body, content_type="application/x-www-form-urlencoded")):
        assert "This channel no longer sends notifications" in content_of(response)
    assert Notification.objects.filter(title="“email” is disabled").count() == 1


def test_one_click_as_multipart(fires, stranger):
    content_of(stranger.post(link_of("unsubscribe_url"), {"List-Unsubscribe": "One-Click"}))
    assert not Channel.objects.get().enabled


def test_only_the_rule_is_muted(fires, alice, stranger):
    page = content_of(stranger.post(link_of("unsubscribe_url"), {"do": "mute"}))
    assert "Notifications of “CPU” appear in the inbox only" in page
    assert Channel.objects.get().enabled
    assert [*Mute.objects.values_list("user", "rule", "until")] == [(alice.pk, fires.rule_id, None)]
    content_of(stranger.post(link_of("unsubscribe_url"), {"do": "mute"}))
    assert Mute.objects.count() == 1
    assert changed_by(alice) == ["mute: , by a link in a message"]


def test_a_rule_that_is_gone_is_not_muted(fires, stranger):
    link = link_of("unsubscribe_url")
    RuleState.objects.all().delete()
    fires.rule.delete()
    assert "mute" not in content_of(stranger.get(link))
    assert stranger.post(link, {"do": "mute"}).status_code == 410
    assert Channel.objects.get().enabled


def test_a_link_for_somebody_elses_channel_does_nothing(fires, bob, stranger):
    foreign = urlsplit(address(UNSUBSCRIBE, Link(Channel.objects.get().pk, bob.pk))).path
    stranger.post(foreign)
    assert Channel.objects.get().enabled
