"""From signing in to seeing what a rule did, as a person does it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from optimizer.models import OptimizationEvent
from rules.models import AutomationRule, FusionScore

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def low_readings(alice):
    a_minute_ago = timezone.now() - timedelta(minutes=1)
    FusionScore.objects.create(user=alice, fusion_score=55, calculated_at=a_minute_ago)
    OptimizationEvent.objects.create(
        user=alice, source_event_type="engine", optimization_action="pre_tune", efficiency_index=60,
        status="applied", applied=True, created_at=a_minute_ago,
    )  # fmt: skip


def write_rule(page, base, name, metric, threshold, action):
    page.goto(f"{base}/rules/add/")
    page.locator("#id_rule_name").fill(name)
    page.locator("#id_metric_type").fill(metric)
    page.locator("#id_condition_operator").select_option("<")
    page.locator("#id_threshold_value").fill(threshold)
    page.locator("#id_action_type").select_option(action)
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(r"/rules/[0-9a-f-]{36}/$"))


def test_write_a_rule_evaluate_and_see_what_it_did(alice, bob, low_readings, sign_in, live_server):
    page = sign_in(alice)
    write_rule(page, live_server.url, "Score too low", "fusion_score", "70", "alert")
    write_rule(page, live_server.url, "Tune it up", "efficiency_index", "80", "optimize")
    assert AutomationRule.objects.filter(user=alice).count() == 2

    page.goto(f"{live_server.url}/")
    page.get_by_role("button", name="Evaluate now").click()
    expect(page.get_by_text("Evaluated 2 rules: 2 fired, 2 acted, 0 failed.")).to_be_visible()
    expect(page.locator("[data-badge=firing]").first).to_have_text("2")

    page.goto(f"{live_server.url}/activity/")
    expect(page.get_by_text("is 55: below 70").first).to_be_visible()
    page.goto(f"{live_server.url}/notifications/")
    expect(page.get_by_text("Score too low").first).to_be_visible()
    page.goto(f"{live_server.url}/optimizations/")
    expect(page.get_by_text("Efficiency boost").first).to_be_visible()

    rule = AutomationRule.objects.get(rule_name="Score too low")
    page = sign_in(bob)
    for address in ("", "rules/", "firing/", "activity/", "notifications/", "optimizations/"):
        page.goto(f"{live_server.url}/{address}")
        expect(page.get_by_text("Score too low")).to_have_count(0)
    assert page.goto(f"{live_server.url}/rules/{rule.pk}/").status == 404
    assert page.goto(f"{live_server.url}/rules/{rule.pk}/change/").status in (404, 200)
    expect(page.get_by_text("Score too low")).to_have_count(0)
