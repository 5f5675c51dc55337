"""What happened to Ines, who was notified, did it help: asked in the browser, by mouse and by keys."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications.models import Notification
from smartagent.models import User
from tests.rules.rule_cast import entry_of, rule_of, state_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def night(ada):
    """Ines' score fell, an alert was sent and acknowledged; and something of somebody else."""
    ines = User.objects.create_user("ines@example.com", full_name="Ines Duarte")
    tom = User.objects.create_user("tom@example.com", full_name="Tom Reyes")
    rule = rule_of(ada, rule_name="Fusion score is low", applies_to="everyone")
    began = timezone.now() - timedelta(hours=5)

    def entry(person, hours, event="rule_fired", **facts):
        context = {
            "metric": "fusion_score", "value": 52, "threshold": 70, "operator": "<", "severity": "high", "target": "",
            "person": str(person.pk), "rule_name": rule.rule_name, "episode": 1, **facts,
        }  # fmt: skip
        return entry_of(
            rule, began + timedelta(hours=hours), event_type=event, context=context, state=states[person.pk],
            action_taken="alert" if event == "rule_fired" else "none",
        )  # fmt: skip

    states = {person.pk: state_of(rule, began, user=person) for person in (ines, tom)}
    fired = entry(ines, 0)
    Notification.objects.create(
        user=ada, rule=rule, type="alert", title="Low", message="It is 52.", created_at=fired.created_at,
        metadata={"entry": str(fired.pk)}, status="read", read_at=fired.created_at + timedelta(minutes=3),
    )  # fmt: skip
    entry(ines, 1, "instance_acknowledged", by=str(ada.pk), by_name="Ada")
    entry(ines, 2, "rule_resolved")
    entry(tom, 4)
    return entry, ines


@pytest.mark.usefixtures("night")
def test_from_the_overview_to_a_printed_report_by_mouse(ada, sign_in):
    page = sign_in(ada)
    page.get_by_role("link", name="Activity", exact=True).first.click()
    rows = page.locator("[data-entry]")
    expect(rows).to_have_count(4)
    page.get_by_label("Search activity").fill("ines")
    page.get_by_role("option", name='person:"Ines Duarte"').click()
    page.locator("#activity-search").get_by_role("button", name="Search").click()
    expect(rows).to_have_count(3)
    expect(page.get_by_role("list", name="Active filters")).to_contain_text('person:"Ines Duarte"')
    # drag over the bars
    bars = page.locator(".sa-stack-bar")
    filled = page.locator(".sa-stack-bar:has(rect)")
    first, last = filled.first.bounding_box(), bars.last.bounding_box()
    page.mouse.move(first["x"] + 2, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(last["x"] + 2, last["y"] + 20, steps=8)
    page.mouse.up()
    page.wait_for_url("**after=**")
    expect(rows).to_have_count(3)
    # the panel keeps the list and goes on by arrow keys
    rows.last.locator("[data-open]").click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("Ada: inbox read")
    assert "entry=" in page.url
    page.keyboard.press("ArrowUp")
    expect(panel).to_contain_text("Ada acknowledged the alert")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    # a view of it
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("textbox", name="Name").fill("Ines")
    page.get_by_role("button", name="Save this view").click()
    page.get_by_text("Views", exact=True).click()
    expect(page.get_by_role("link", name="Ines", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    head, *lines = Path(download.value.path()).read_text().splitlines()
    assert [line.split(",")[1] for line in lines] == ["resolved", "acknowledged", "fired"]
    assert head.startswith("time,event_label,description,rule")
    page.get_by_role("link", name="Incident report").click()
    expect(page.get_by_role("heading", name="Incident report", exact=True)).to_be_visible()
    expect(page.locator("article")).to_contain_text("1 of 1")
    page.emulate_media(media="print")
    expect(page.locator("#nav-sidebar")).to_be_hidden()


def test_the_same_by_keys_and_new_entries_never_move_what_one_reads(ada, night, sign_in):
    entry, ines = night
    page = sign_in(ada, "/activity/?within=24h")
    page.evaluate("document.querySelector('.sa-activity').dataset.every = 0")
    page.keyboard.press("/")
    page.keyboard.type("person:in")
    expect(page.get_by_role("option", name='person:"Ines Duarte"')).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=person**")
    rows = page.locator("[data-entry]")
    expect(rows).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel).to_contain_text("resolved")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(panel).to_contain_text("The fusion score of Ines Duarte is 52: below 70.")
    entry(ines, 4.9, "rule_repeated")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#newer")).to_have_text("1 new")
    expect(rows).to_have_count(3)
    page.keyboard.press("Escape")
    page.locator("#newer a").click()
    expect(rows).to_have_count(4)
