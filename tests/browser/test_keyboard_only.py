"""By keyboard alone: from signing in to a snoozed notification, and wherever the focus comes, one sees where it is."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from notifications.models import Notification
from rules.models import AutomationRule, MetricSample, RuleState
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

FAR = 250  # presses of Tab
# Where the focus is; and whether one sees it there: by an outline of the element or of what it fills, or, where a label
# draws a choice, of that. A dialog that has it as a whole has just opened.
FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element.matches("[role=dialog]")) return ["", true];
  const isChoice = element.matches("input[type=radio], input[type=checkbox]");
  const marks = [[element, ""], [element, "::after"], ...(isChoice ? [[element.nextElementSibling, ""]] : [])];
  const seen = marks.some(([each, part]) => {
    const style = each && getComputedStyle(each, part);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  });
  return [element.outerHTML.slice(0, 200), seen];
}"""


@pytest.fixture
def hot(alice):
    """Alice's CPU is at 97 since a minute."""
    now = timezone.now()
    MetricSample.objects.push(user=alice, metric="cpu", value=97, observed_at=now - timedelta(minutes=1))


class Keys:
    """Hands that have only a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, wanted: Locator) -> None:
        """Press Tab until `wanted` has the focus; each stop on the way is to be seen."""
        for _ in range(FAR):
            where, seen = self.page.evaluate(FOCUS)
            assert seen, f"one does not see that the focus is here: {where}"
            if wanted.count() and wanted.first.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{FAR} times Tab do not lead to {wanted}")

    def press(self, wanted: Locator, key: str = "Enter") -> None:
        self.reach(wanted)
        self.page.keyboard.press(key)

    def go(self, wanted: Locator, key: str = "Enter") -> None:
        """Press what leads to another page."""
        self.reach(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def fill(self, wanted: Locator, text: str) -> None:
        self.reach(wanted)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)


def test_from_signing_in_to_a_snoozed_notification(alice, hot, page, live_server):
    keys = Keys(page)
    page.goto(f"{live_server.url}/login/")
    keys.fill(page.get_by_label("E-mail"), alice.email)
    keys.fill(page.get_by_label("Password"), PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/")

    # a rule from a template, published
    keys.go(page.get_by_role("link", name="Rules", exact=True))
    keys.go(page.get_by_role("link", name="Create from template").first)
    keys.go(page.get_by_role("link", name="Processor busy for 15 minutes"))
    keys.fill(page.locator("#id_pending_for"), "0")
    keys.go(page.get_by_role("button", name="Publish"), "Space")
    page.wait_for_url(re.compile(r"/rules/[0-9a-f-]{36}/$"))
    rule = AutomationRule.objects.get()
    assert rule.status == "active"

    # it fires, and is acknowledged
    keys.go(page.get_by_role("button", name="Evaluate now"))
    expect(page.get_by_text("The cpu of Alice is 97: above 90.").first).to_be_visible()
    keys.go(page.get_by_role("link", name="Firing").first)
    keys.go(page.get_by_role("link", name=rule.rule_name).first)
    keys.go(page.locator("#alert").get_by_role("button", name="Acknowledge"), "Space")
    expect(page.get_by_text("Acknowledged 1 alert.")).to_be_visible()
    assert RuleState.objects.get().handling == "acknowledged"

    # the bell, its panel, and from there to the inbox, where it is snoozed
    panel = page.locator("#bell-panel")
    keys.press(page.locator("#bell"), "Space")
    expect(panel.get_by_role("link", name=rule.rule_name).first).to_be_visible()
    expect(panel).to_be_focused()
    keys.go(panel.get_by_role("link", name="Open the inbox"))
    expect(page).to_have_title("(1) Notifications | Smart Agent")
    keys.press(page.locator("#result_list").get_by_role("link", name=rule.rule_name).first, "s")
    dialog = page.get_by_role("dialog", name="Snooze")
    expect(dialog.get_by_role("button", name="For 1 hour")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("Snoozed 1 notification until")).to_be_visible()
    assert Notification.objects.get().snoozed_until > timezone.now() + timedelta(minutes=55)
