"""Silencing something in the browser: the preview reacts, the fields fit what is chosen; and without JavaScript."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from rules.models import RuleState, Silence
from smartagent.models import User
from tests.rules.rule_cast import rule_of

SignIn = Callable[[User], Page]


def test_from_a_rule_that_fires_to_a_silence_that_is_ended(
    sign_in: SignIn, live_server: LiveServer, olga: User
) -> None:
    rule = rule_of(olga, metric_type="cpu", labels={"team": "db"})
    RuleState.objects.create(rule=rule, user=olga, condition="firing", since=timezone.now())
    page = sign_in(olga, f"/rules/{rule.pk}/")
    page.get_by_role("link", name="Silence", exact=True).click()
    beside = page.locator("#coverage")
    expect(beside).to_contain_text("Matches 1 rule, 1 instance, 1 firing now.")
    page.get_by_label("Rule", exact=True).fill("")
    page.get_by_label("Labels").fill("team=web")
    expect(beside).to_contain_text("Matches nothing")
    page.get_by_label("Labels").fill("team=db")
    expect(beside).to_contain_text("Matches 1 rule")
    page.get_by_label("Comment").fill("Database upgrade")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Silence “Database upgrade” created.")).to_be_visible()
    page.get_by_role("button", name="End now").click()
    expect(page.get_by_text("Alerts that still fire are notified at the next evaluation.")).to_be_visible()
    assert Silence.objects.get().cancelled_by == olga


def test_a_recurring_one_shows_its_windows_while_one_types(
    sign_in: SignIn, live_server: LiveServer, olga: User
) -> None:
    page = sign_in(olga, "/silences/add/")
    expect(page.get_by_label("RRULE")).to_be_hidden()
    expect(page.get_by_label("Until", exact=True)).to_be_hidden()
    page.get_by_label("Repeats").select_option("custom")
    expect(page.get_by_label("For", exact=True)).to_be_hidden()
    page.get_by_label("RRULE").fill("FREQ=WEEKLY;BYDAY=XX")
    page.get_by_label("Window duration").fill("8h")
    page.get_by_label("Until", exact=True).fill(f"{timezone.now() + timedelta(days=90):%Y-%m-%dT%H:%M}")
    page.get_by_label("Metric").fill("cpu")
    expect(page.locator("#coverage")).to_contain_text("BYDAY must be")
    page.get_by_label("RRULE").fill("FREQ=WEEKLY;BYDAY=SA")
    expect(page.locator("#coverage")).to_contain_text("Next 5 windows")


def test_without_javascript(
    browser: Browser, client_of: Callable[..., object], live_server: LiveServer, olga: User
) -> None:
    rule_of(olga, metric_type="cpu")
    context = browser.new_context(java_script_enabled=False)
    session = client_of(olga).cookies["sessionid"].value  # type: ignore[attr-defined]
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/silences/add/")
    page.get_by_label("Comment").fill("Upgrade")
    page.get_by_label("Metric").fill("cpu")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#coverage")).to_contain_text("Matches 1 rule, 1 instance")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Silence “Upgrade” created.")).to_be_visible()
    context.close()
