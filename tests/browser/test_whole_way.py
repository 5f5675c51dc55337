"""The whole way of a rule in the browser: from a template to why it fired."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications.models import Notification
from rules.models import AutomationRule, MetricSample, RuleState, Silence

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hot(alice):
    """Alice's CPU was calm for a day, and is at 97 since a minute."""
    now = timezone.now()
    MetricSample.objects.push_all(
        {"user": alice, "metric": "cpu", "value": 40, "observed_at": now - timedelta(minutes=5 * n + 3)}
        for n in range(288)
    )
    MetricSample.objects.push(user=alice, metric="cpu", value=97, observed_at=now - timedelta(minutes=1))


def test_from_a_template_to_why_it_fired(alice, hot, sign_in, live_server):
    page = sign_in(alice)

    # written from a template, with the preview following
    page.goto(f"{live_server.url}/rules/templates/")
    page.get_by_role("link", name="Processor busy for 15 minutes").click()
    page.locator("#id_pending_for").fill("0")
    expect(page.locator("#reading")).to_contain_text("When the cpu of Alice is above 90, alert Alice")
    page.locator("#id_threshold_value").fill("95")
    expect(page.locator("#reading")).to_contain_text("is above 95")

    # a draft, which is tested and does nothing by itself
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text(" It is a draft: it is evaluated, but no action runs")).to_be_visible()
    rule = AutomationRule.objects.get()
    page.goto(f"{live_server.url}/rules/{rule.pk}/")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Test-fire").click()
    expect(page.get_by_text("It reaches")).to_be_visible()
    page.get_by_role("button", name="Test-fire").click()
    expect(page.get_by_text("succeeded")).to_be_visible()
    assert Notification.objects.get().title.startswith("[TEST]")
    assert not RuleState.objects.exists()

    # published, it fires
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("button", name="Evaluate now").click()
    expect(page.get_by_text("The cpu of Alice is 97: above 95.").first).to_be_visible()
    assert Notification.objects.count() == 2

    # acknowledged
    state = RuleState.objects.get()
    page.goto(f"{live_server.url}/firing/{state.pk}/")
    page.get_by_label("Comment").last.fill("Looking")
    page.locator("#handle").get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged.")).to_be_visible()
    expect(page.get_by_text("Alice acknowledged the alert until").first).to_be_visible()

    # silenced
    page.get_by_role("link", name="Silence", exact=True).click()
    expect(page.locator("#coverage")).to_contain_text("Matches 1 rule, 1 instance, 1 firing now.")
    page.get_by_label("Comment").fill("Upgrade")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Silence “Upgrade” created.")).to_be_visible()
    assert Silence.objects.get().rule == rule
    page.goto(f"{live_server.url}/rules/{rule.pk}/")
    page.get_by_role("button", name="Evaluate now").click()

    # why
    page.goto(f"{live_server.url}/firing/{state.pk}/")
    expect(page.get_by_text("Silenced by “Upgrade”").first).to_be_visible()
    page.get_by_role("link", name="The cpu of Alice is 97: above 95.", exact=True).click()
    expect(page.get_by_text("cpu was 97 (threshold: above 95): met.")).to_be_visible()
    expect(page.get_by_text("Fired immediately: no pending period.")).to_be_visible()
    expect(page.get_by_text("Action alert succeeded.")).to_be_visible()
    expect(page.get_by_text(", silenced").first).to_be_visible()  # the step after
    page.get_by_role("link", name="Open the notification").click()
    expect(page.get_by_text("cpu is 97: above 95").first).to_be_visible()
