"""Acknowledging in one step in the browser: from the overview, the list by keys, the bell, and the notification."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications.models import Notification
from rules.models import RuleState
from tests.rules.rule_cast import entry_of, rule_of, state_of

pytestmark = pytest.mark.django_db(transaction=True)


def fires(alice, number):
    """An alert of Alice, and a notification of it."""
    now = timezone.now()
    rule = rule_of(alice, rule_name=f"Rule {number}")
    state = state_of(rule, now)
    entry = entry_of(rule, now, state_id=state.pk)
    told = Notification.objects.create(
        user=alice, rule=rule, type="alert", title=f"Rule {number}", message="M", metadata={"entry": str(entry.pk)}
    )
    return state, told


def acknowledged():
    return set(RuleState.objects.filter(handling="acknowledged").values_list("rule__rule_name", flat=True))


def test_one_step_from_the_overview_the_list_the_bell_and_the_notification(alice, sign_in):
    shown = [fires(alice, number) for number in range(4)]
    page = sign_in(alice)
    page.get_by_role("button", name="Acknowledge: Rule 0").click()
    expect(page.get_by_text("Acknowledged: 1 instance.")).to_be_visible()
    assert acknowledged() == {"Rule 0"}

    page.goto(f"{page.url}firing/?rule={shown[1][0].rule_id}")
    expect(page.get_by_role("button", name="Shortcuts")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.get_by_text("Acknowledged 1 alert.")).to_be_visible()
    assert acknowledged() == {"Rule 0", "Rule 1"}

    page.locator("#bell").click()
    page.locator("#bell-panel").get_by_role("button", name="Acknowledge: Rule 2").click()
    expect(page.locator("#bell-panel").get_by_text("Acknowledged 1 alert.")).to_be_visible()
    assert acknowledged() == {"Rule 0", "Rule 1", "Rule 2"}

    page.locator("#bell-panel").get_by_role("link", name="Rule 3", exact=False).first.click()
    page.get_by_role("button", name="Acknowledge", exact=True).click()
    expect(page.get_by_text("Acknowledged 1 alert.")).to_be_visible()
    assert f"/notifications/{shown[3][1].pk}/" in page.url
    assert len(acknowledged()) == 4
