"""From the palette to a person, their alert and their integration, which is checked and edited."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from rules.models import Integration, MetricSample, RuleState
from tests.rules.rule_cast import entry_of, rule_of, state_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def down(alice, olga):
    """Alice's gmail is down since an hour, and a rule of everyone fires for it."""
    began = timezone.now() - timedelta(hours=1)
    gmail = Integration.objects.create(user=alice, integration_type="gmail", status="error", error_message="401")
    rule = rule_of(olga, rule_name="Down", metric_type="integration_health", applies_to="everyone")
    state = state_of(rule, began, user=alice, value=25)
    entry_of(rule, began, state=state, context={"metric": "integration_health", "value": 25, "threshold": 70,
                                                "operator": "<", "person": str(alice.pk), "target": ""})  # fmt: skip
    for target in ("", "gmail"):
        MetricSample.objects.push(user=alice, metric="integration_health", target=target, value=25, observed_at=began)
    return gmail


def test_from_the_palette_to_an_integration(down, olga, sign_in):
    page = sign_in(olga)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("searchbox", name="Search").last.fill("alice")
    page.get_by_role("link", name="alice@example.com").click()

    # a person: the alert is acknowledged there, and what happened leads on
    expect(page.get_by_text("Integration health is 25: below 70")).to_be_visible()
    expect(page.get_by_text("unchanged for 1 h").first).to_be_visible()
    page.get_by_role("button", name="Acknowledge: Down").click()
    expect(page.get_by_text("Acknowledged: 1 instance.")).to_be_visible()
    assert RuleState.objects.get().handling == "acknowledged"

    # the integration: its status as a strip, the form behind a button, and back
    page.get_by_role("link", name="gmail", exact=True).click()
    expect(page.get_by_role("heading", name="gmail of Alice", exact=True)).to_be_visible()
    expect(page.locator("#status svg[role=img]")).to_have_attribute("aria-label", "error 1\u00a0h")
    page.get_by_role("link", name="30 days").click()
    expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Status").select_option("active")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="gmail of Alice", exact=True)).to_be_visible()
    assert Integration.objects.get().status == "active"

    # the rule: a strip for the person, on one scale with the threshold
    page.get_by_role("region", name="Rules that watch it").get_by_role("link", name="Down").click()
    expect(page.locator("#timeline .sa-strips svg[role=img]")).to_have_attribute("aria-label", "firing 1\u00a0h")
    expect(page.get_by_text("All lines are on one scale, 25 to 70.")).to_be_visible()
