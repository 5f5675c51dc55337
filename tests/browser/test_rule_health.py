"""Useful or noise by one key, with and without JavaScript; and from mostly noise to the editor with a threshold."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications.models import Notification
from rules.models import ActivityEntry, Feedback
from tests.entries import change_entries
from tests.rules.rule_cast import entry_of, rule_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def noisy_rule(alice):
    """A rule of Alice's has told her ten times; nine were noise."""
    now = timezone.now()
    rule = rule_of(alice, condition_operator=">", threshold_value=25, rule_name="CPU is busy")
    for value in (40, *[31] * 9):
        entry = entry_of(rule, now - timedelta(days=1))
        entry.context |= {"value": value}
        change_entries(ActivityEntry.objects.filter(pk=entry.pk), context=entry.context)
        Notification.objects.create(
            user=alice, rule=rule, type="alert", title=f"CPU {value}", message="It is.", created_at=now,
            metadata={"entry": str(entry.pk)},
        )  # fmt: skip
    return rule


def feedback():
    return list(Feedback.objects.values_list("useful", flat=True))


def test_by_one_key_and_taken_back(alice, noisy_rule, sign_in, live_server):
    page = sign_in(alice, "/notifications/")
    button = page.get_by_role("button", name="Useful: CPU 40")
    button.focus()
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    assert feedback() == [True]
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    assert feedback() == []


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript(alice, noisy_rule, sign_in, live_server):
    page = sign_in(alice, "/notifications/")
    page.get_by_role("button", name="Noise: CPU 40").click()
    expect(page.get_by_text("Marked as noise.")).to_be_visible()
    assert feedback() == [False]
    page.get_by_role("button", name="Noise: CPU 40").click()
    assert feedback() == []


def test_from_mostly_noise_to_the_editor(alice, noisy_rule, sign_in, live_server):
    for entry in noisy_rule.entries.all():
        Feedback.objects.create(rule=noisy_rule, entry=entry, user=alice, useful=entry.context["value"] == 40)
    page = sign_in(alice)
    page.get_by_role("link", name="Rule health").click()
    page.get_by_role("link", name="1 Mostly noise").click()
    expect(page.get_by_text("Raise the threshold from 25 to 31")).to_be_visible()
    page.get_by_role("link", name="Open the editor with this threshold").click()
    expect(page.locator("[name=threshold_value]")).to_have_value("31")
    noisy_rule.refresh_from_db()
    assert noisy_rule.threshold_value == 25
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("” saved.")).to_be_visible()
    noisy_rule.refresh_from_db()
    assert noisy_rule.threshold_value == 31
