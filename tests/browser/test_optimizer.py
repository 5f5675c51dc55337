"""An optimization in the browser: from the proposal to its measured effect, and back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from optimizer.execution.runner import work
from optimizer.models import OptimizationEvent, OptimizerPolicy
from optimizer.tasks import measure_all
from tests.optimizer.optimization_cast import COVERAGE, metrics_of, optimization_for, readings_around, weights_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_a_proposal_to_its_measured_effect_and_back(alice, sign_in, live_server):
    before = metrics_of(alice)
    event = optimization_for(alice, timezone.now(), COVERAGE)
    page = sign_in(alice)

    # told in the inbox, found in the list
    page.goto(f"{live_server.url}/notifications/")
    expect(page.get_by_text("Optimization proposed: Fusion enhancement").first).to_be_visible()
    page.goto(f"{live_server.url}/optimizations/")
    page.get_by_role("link", name="Fusion enhancement").click()
    page.wait_for_url(f"{live_server.url}/optimizations/{event.pk}/")

    # tried out: the table comes without a new page, and nothing has changed
    page.get_by_role("link", name="Show what would change").click()
    expect(page.get_by_role("row", name="Weight of coverage 0.5 0.6")).to_be_visible()
    assert weights_of(alice) == before

    # applied
    page.get_by_role("link", name="Apply now").click()
    expect(page.get_by_role("row", name="Weight of coverage 0.5 0.6")).to_be_visible()
    page.get_by_role("button", name="Apply now").click()
    expect(page.get_by_text("Applied. The effect is measured in one day.")).to_be_visible()
    expect(page.locator("#state li").filter(has_text="Adjust a weight")).to_contain_text("Done", ignore_case=True)
    assert weights_of(alice)["coverage"] == Decimal("0.6")

    # a day later, by the clock of the rows
    applied = timezone.now() - timedelta(hours=25)
    readings_around(alice, applied, before=60, after=50)
    OptimizationEvent.objects.filter(pk=event.pk).update(
        applied_at=applied, measure_at=applied + timedelta(hours=24), effect={"before": [60.0, 60.1, 60.2] * 96}
    )
    assert measure_all(timezone.now()) == 1
    page.reload()
    expect(page.get_by_text("Worse: the fusion score was on average 60.1 before")).to_be_visible()
    expect(page.locator("#timeline-chart")).to_be_visible()

    # rolled back
    page.get_by_role("link", name="Roll it back").click()
    expect(page.get_by_role("row", name="weights: coverage 0.6 0.5")).to_be_visible()
    page.get_by_label("Reason").fill("The metric became worse.")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("Rolled back.")).to_be_visible()
    assert weights_of(alice) == before
    page.goto(f"{live_server.url}/optimizer-scoreboard/")
    expect(page.get_by_text("1 made the metric worse.")).to_be_visible()


def test_an_approved_one_is_followed_until_the_workers_have_applied_it(alice, sign_in, live_server):
    metrics_of(alice)
    event = optimization_for(alice, timezone.now(), COVERAGE)
    page = sign_in(alice, f"/optimizations/{event.pk}/")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Workers apply the optimization within a minute.")).to_be_visible()
    assert work(timezone.now()) == 1
    expect(page.get_by_text("Applied at").first).to_be_visible(timeout=10_000)
    expect(page.get_by_role("link", name="Roll back")).to_be_visible()


def test_everything_is_stopped_with_one_click(alice, ada, sign_in, live_server):
    page = sign_in(ada, "/optimizer-policy/")
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_text("since Ada stopped it")).to_be_visible()
    assert OptimizerPolicy.current().stopped
    event = optimization_for(alice, timezone.now(), COVERAGE)
    page.goto(f"{live_server.url}/optimizations/{event.pk}/")
    expect(page.get_by_text("The optimizer is stopped by the automation policy.")).to_be_visible()
    expect(page.get_by_role("link", name="Apply now")).to_have_count(0)


def test_without_javascript(alice, client_of, browser, live_server):
    metrics_of(alice)
    event = optimization_for(alice, timezone.now(), COVERAGE)
    context = browser.new_context(java_script_enabled=False)
    session = client_of(alice).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/optimizations/{event.pk}/")
    page.get_by_role("link", name="Show what would change").click()
    expect(page.get_by_role("row", name="Weight of coverage 0.5 0.6")).to_be_visible()
    page.get_by_label("Dismiss").select_option("ever")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Dismissed.")).to_be_visible()
    context.close()
