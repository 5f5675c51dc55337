"""The form of a rule in a browser: only the options of the chosen action, and the reading beside it."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from rules.models import MetricSample

pytestmark = pytest.mark.django_db(transaction=True)


def test_only_the_options_of_the_chosen_action_are_shown(alice, sign_in, live_server):
    page = sign_in(alice, "/rules/add/")
    title, note = page.get_by_label("Title"), page.get_by_label("Note")
    expect(title).to_be_visible()
    expect(note).to_be_hidden()
    page.locator("#id_action_type").select_option("log")
    expect(title).to_be_hidden()
    expect(note).to_be_visible()


def test_the_reading_follows_what_is_typed(alice, sign_in, live_server):
    MetricSample.objects.create(user=alice, metric="cpu", value=95, observed_at=timezone.now())
    page = sign_in(alice, "/rules/add/")
    beside = page.locator("#reading")
    expect(beside).to_contain_text("Enter a metric")
    page.locator("#id_metric_type").fill("cpu")
    page.locator("#id_condition_operator").select_option(">")
    page.locator("#id_threshold_value").fill("90")
    expect(beside).to_contain_text("Would fire now")
    expect(beside).to_contain_text("The cpu of Alice is 95: above 90.")
    page.locator("#id_threshold_value").fill("99")
    expect(beside).to_contain_text("Would not fire")


def test_the_filters_open_by_keyboard(alice, sign_in, live_server):
    page = sign_in(alice, "/deliveries/")
    page.get_by_role("button", name="Filters").focus()
    page.keyboard.press("Enter")
    status = page.locator("#filter-form select[name=status]")
    expect(status).to_be_focused()
    status.select_option("dead")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("link", name="Status: Failed")).to_be_visible()
