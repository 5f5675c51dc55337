"""The bell, its panel, and the inbox by keys, in the browser."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications.models import Notification
from tests.rules.rule_cast import entry_of, rule_of

pytestmark = pytest.mark.django_db(transaction=True)


def notify(user, *titles, **fields):
    """Notifications, the first title the newest."""
    now = timezone.now()
    return [
        Notification.objects.create(
            **{"user": user, "title": title, "type": "alert", "message": "It is 63.", "severity": "high",
               "created_at": now - timedelta(minutes=place + 1)} | fields
        )
        for place, title in enumerate(titles)
    ]  # fmt: skip


def again(notification):
    notification.refresh_from_db()
    return notification


@pytest.fixture
def panel(page):
    return page.locator("#bell-panel")


@pytest.fixture
def inbox(alice, sign_in, live_server):
    """Alice's inbox with three notifications, in the browser."""
    ones = notify(alice, "One", "Two", "Three")
    page = sign_in(alice, "/notifications/")
    expect(page.get_by_role("button", name="Shortcuts")).to_be_visible()
    return page, ones


def focused(page):
    return page.locator("a:focus")


# -- the bell ------------------------------------------------------------------------------------------


def test_the_bell_opens_a_panel_in_which_one_marks_and_archives(alice, sign_in, panel):
    one, two = notify(alice, "One", "Two")
    page = sign_in(alice)
    bell = page.get_by_role("button", name="Notifications 2 unread")
    expect(bell).to_have_attribute("aria-expanded", "false")
    bell.click()
    expect(bell).to_have_attribute("aria-expanded", "true")
    expect(panel.get_by_role("listitem")).to_have_count(2)

    panel.get_by_role("button", name="Mark as read: One").click()
    expect(page.get_by_role("button", name="Notifications 1 unread")).to_be_visible()
    expect(page.locator("#nav-sidebar [data-badge=unread]")).to_have_text("1")
    assert again(one).status == "read"

    panel.get_by_role("button", name="Archive: Two").click()
    expect(page.get_by_role("status").filter(has_text="Archived 1 notification.")).to_have_count(1)
    expect(panel.get_by_role("button", name="Archive: One")).to_be_focused()
    expect(page.locator("#bell [data-badge]")).to_be_hidden()
    assert again(two).status == "archived"
    assert page.url.endswith("/")


def test_all_are_marked_as_read_in_the_panel(alice, sign_in, panel):
    ones = notify(alice, "One", "Two")
    page = sign_in(alice)
    page.locator("#bell").click()
    panel.get_by_role("button", name="Mark all as read").click()
    expect(panel.get_by_text("Marked 2 notifications as read.")).to_be_visible()
    assert {again(one).status for one in ones} == {"read"}


def test_the_panel_by_keys(alice, sign_in, panel):
    notify(alice, "One")
    page = sign_in(alice)
    bell = page.locator("#bell")
    bell.focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("link", name="One")).to_be_visible()
    expect(panel).to_be_focused()
    page.keyboard.press("Tab")
    expect(panel.get_by_role("button", name="Mark all as read")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(bell).to_be_focused()
    page.keyboard.press(" ")
    expect(panel.get_by_role("link", name="Open the inbox")).to_be_visible()
    panel.get_by_role("link", name="Open the inbox").focus()
    page.keyboard.press("Tab")
    expect(panel).to_be_hidden()


def test_a_click_beside_it_closes_the_panel(alice, sign_in, panel):
    page = sign_in(alice)
    page.locator("#bell").click()
    expect(panel.get_by_text("No unread notifications.")).to_be_visible()
    page.get_by_role("heading", name="Overview").click()
    expect(panel).to_be_hidden()


def test_from_the_panel_to_why_it_was_told(alice, sign_in, panel):
    entry = entry_of(rule_of(alice), timezone.now())
    notify(alice, "One", metadata={"entry": str(entry.pk)})
    page = sign_in(alice)
    page.locator("#bell").click()
    panel.get_by_role("link", name="Why? One").click()
    expect(page.get_by_role("heading", name="Activity").or_(page.get_by_text("Details")).first).to_be_visible()
    assert page.url.endswith(f"/activity/{entry.pk}/change/")


def test_what_goes_wrong_is_said_and_tried_again(alice, sign_in, panel):
    notify(alice, "One")
    page = sign_in(alice)
    page.route("**/notifications/panel/", lambda route: route.abort())
    page.locator("#bell").click()
    expect(panel.get_by_text("The server does not respond.")).to_be_visible()
    page.unroute("**/notifications/panel/")
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_role("link", name="One")).to_be_visible()


def test_who_is_signed_out_is_told_so(alice, sign_in, panel):
    page = sign_in(alice)
    page.context.clear_cookies()
    page.locator("#bell").click()
    expect(panel.get_by_text("You are signed out.")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript_the_bell_is_a_link_to_the_inbox(alice, sign_in):
    (one,) = notify(alice, "One")
    page = sign_in(alice)
    page.get_by_role("link", name="Notifications 1 unread").last.click()
    page.get_by_role("link", name="Snooze: One").click()
    page.get_by_role("button", name="For 1 hour").click()
    expect(page.get_by_text("Snoozed 1 notification until")).to_be_visible()
    assert again(one).snoozed_until > timezone.now()


# -- the inbox by keys ---------------------------------------------------------------------------------


def test_one_moves_and_opens(inbox):
    page, _ = inbox
    for key, title in [("j", "One"), ("j", "Two"), ("j", "Three"), ("j", "Three"), ("k", "Two")]:
        page.keyboard.press(key)
        expect(focused(page)).to_contain_text(title)
    page.keyboard.press("Enter")
    expect(page).to_have_title("(2) Two | Smart Agent")


def test_one_archives_and_goes_on_where_one_was(inbox):
    page, (one, two, three) = inbox
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.get_by_text("Archived 1 notification.")).to_be_visible()
    expect(focused(page)).to_contain_text("Three")
    page.keyboard.press("u")
    expect(page.get_by_text("Marked 1 notification as read.")).to_be_visible()
    expect(focused(page)).to_contain_text("Three")
    page.keyboard.press("u")
    expect(page.get_by_text("Marked 1 notification as unread.")).to_be_visible()
    assert [again(each).status for each in (one, two, three)] == ["unread", "archived", "unread"]


def test_what_is_selected_goes_together(inbox):
    page, (one, two, three) = inbox
    for key in "jxjx":
        page.keyboard.press(key)
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.get_by_text("Archived 2 notifications.")).to_be_visible()
    assert [again(each).status for each in (one, two, three)] == ["archived", "archived", "unread"]


def test_one_snoozes(inbox):
    page, (one, two, _) = inbox
    page.keyboard.press("j")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Snooze: One")
    expect(dialog.get_by_role("button", name="For 1 hour")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(focused(page)).to_contain_text("One")
    assert again(one).snoozed_until is None

    page.keyboard.press("s")
    dialog.get_by_role("button", name="For 4 hours").click()
    expect(page.get_by_text("Snoozed 1 notification until")).to_be_visible()
    expect(page.get_by_role("link", name="One")).to_have_count(0)
    assert timedelta(hours=3.9) < again(one).snoozed_until - timezone.now() < timedelta(hours=4)

    page.get_by_role("link", name="Snooze: Two").click()
    page.get_by_role("link", name="Another time").click()
    page.get_by_label("Until", exact=True).fill(f"{timezone.now() + timedelta(days=2):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Snooze", exact=True).click()
    expect(page.get_by_text("Snoozed 1 notification until")).to_be_visible()
    assert again(two).snoozed_until - timezone.now() > timedelta(hours=47)


def test_the_help_shows_the_keys_and_keys_do_nothing_meanwhile(inbox):
    page, ones = inbox
    page.keyboard.press("j")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys.get_by_text("mark as unread or read")).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    assert {again(one).status for one in ones} == {"unread"}


def test_keys_that_are_typed_into_a_field_are_text(inbox):
    page, ones = inbox
    page.keyboard.press("j")
    page.locator("#searchbar").click()
    page.keyboard.type("jesus?")
    expect(page.locator("#searchbar")).to_have_value("jesus?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    assert {again(one).status for one in ones} == {"unread"}
