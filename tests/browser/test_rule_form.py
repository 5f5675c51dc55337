"""The form of a rule in a browser: only the options of the chosen action, and the reading beside it."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications.models import Channel
from rules.models import AutomationRule, MetricSample
from tests.conftest import PASSWORD
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_only_the_options_of_the_chosen_action_are_shown(alice, sign_in, live_server):
    page = sign_in(alice, "/rules/add/")
    title, note = page.get_by_label("Title"), page.get_by_label("Note")
    expect(title).to_be_visible()
    expect(note).to_be_hidden()
    page.locator("#id_action_type").select_option("log")
    expect(title).to_be_hidden()
    expect(note).to_be_visible()


def test_recipients_are_picked_by_key_and_by_mouse(olga, alice, sign_in, live_server):
    Channel.objects.create(user=olga, name="Pager", kind="webhook")
    rule = rule_of(olga, action_config={"recipients": ["bob@example.com"], "escalation": "Nights"})
    page = sign_in(olga, f"/rules/{rule.pk}/change/")
    field, chips = page.get_by_role("combobox", name="Recipients"), page.get_by_label("Recipients, chosen")
    expect(chips).to_contain_text("Person bob@example.com")
    expect(page.get_by_label("Escalation policy")).to_have_value("Nights")
    expect(page.get_by_role("option", name="Nights (missing)")).to_be_attached()
    field.press("Backspace")
    field.press_sequentially("ali")
    expect(page.get_by_role("option", name="Alice")).to_contain_text("Person · alice@example.com")
    field.press("Enter")
    field.press_sequentially("operat")
    page.get_by_role("option", name="operators").click()
    field.press_sequentially("pager")
    expect(page.get_by_role("option", name="Pager")).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    field.press_sequentially("admins,owner")
    page.get_by_role("button", name="Remove Role admins").click()
    page.get_by_label("Escalation policy").select_option("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved.")).to_be_visible()
    named = ["alice@example.com", "group:operators", "channel:olga@example.com/Pager", "owner"]
    assert AutomationRule.objects.get().action_config == {"recipients": named}


def test_the_reading_follows_what_is_typed(alice, sign_in, live_server):
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=timezone.now())
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


def test_a_session_that_ended_keeps_what_was_typed(olga, sign_in, live_server):
    page = sign_in(olga, "/rules/add/?template=low-score")
    save = page.get_by_role("button", name="Publish")
    page.locator("#id_rule_name").fill("Typed long ago")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("group", name="Further condition").get_by_label("Metric").fill("cpu")
    page.get_by_role("group", name="Further condition").get_by_label("Threshold").fill("90")
    page.get_by_role("combobox", name="Recipients").fill("group:operators,")
    page.context.clear_cookies(name="sessionid")
    save.click()
    page.get_by_label("E-mail").fill(olga.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("is filled in again; it is not saved yet.")).to_be_visible()
    expect(page.get_by_label("Recipients, chosen")).to_contain_text("operators")

    page.get_by_label("Description").fill("Somebody signs in in another tab")
    page.context.clear_cookies(name="csrftoken")
    save.click()
    page.get_by_role("link", name="Open it again").click()
    expect(page.get_by_label("Description")).to_have_value("Somebody signs in in another tab")
    save.click()
    expect(page.get_by_text("created.")).to_be_visible()
    rule = AutomationRule.objects.get()
    assert (rule.rule_name, rule.action_config) == ("Typed long ago", {"recipients": ["group:operators"]})
    assert rule.more_conditions[0]["metric"] == "cpu"
    page.goto(f"{live_server.url}/rules/add/?template=low-score")
    expect(page.locator("#id_rule_name")).to_have_value("Fusion score too low")
    expect(page.locator(".sa-draft")).to_be_hidden()


def test_the_filters_open_by_keyboard(alice, sign_in, live_server):
    page = sign_in(alice, "/deliveries/")
    page.get_by_role("button", name="Filters").focus()
    page.keyboard.press("Enter")
    status = page.locator("#filter-form select[name=status]")
    expect(status).to_be_focused()
    status.select_option("dead")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("link", name="Status: Failed")).to_be_visible()
