"""The pages without JavaScript: nothing stands in the way, and what a click would open is open."""

import pytest
from playwright.sync_api import expect

from tests.rules.rule_cast import rule_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser_context_args(java_script_enabled=False),
]


def test_a_list_and_its_filters_are_within_reach(alice, sign_in, live_server):
    rule_of(alice, rule_name="One")
    rule_of(alice, rule_name="Two", status="paused")
    page = sign_in(alice, "/rules/")
    page.locator("#changelist-filter select[name=status]").select_option("paused")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("link", name="One", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Two", exact=True).click()
    expect(page).to_have_title("Two | Smart Agent")


def test_one_can_sign_out(alice, sign_in, live_server):
    page = sign_in(alice)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
