"""Previews beside a form follow it; where the server has no answer they say so, and the next change makes it good."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.notifications.outside import channel_of

pytestmark = pytest.mark.django_db(transaction=True)
AGAIN = "The next change retries."
PICK = """(field, value) => {
  field.value = value;
  field.dispatchEvent(new Event("change", {bubbles: true}));
}"""


@pytest.fixture(params=["reading", "backtest", "silence", "channel", "preferences"])
def preview(request, alice, sign_in):
    """A page with a preview: the page, the preview, the address it asks, its name, what changes the form."""
    mail = channel_of(alice, "email", "mail", to="a@example.com")
    page = sign_in(alice)

    def typing(selector):
        return lambda number: page.locator(selector).fill(f"{90 + number}")

    address, place, requested, name, change = {
        "reading": ("/rules/add/?template=cpu-sustained", "#reading", "/rules/preview/", "The reading",
                    typing("#id_threshold_value")),
        "backtest": ("/rules/add/?template=cpu-sustained", "#trial-words", "/rules/trial/", "The backtest",
                     typing("#id_threshold_value")),
        "silence": ("/silences/add/", "#coverage", "/silences/preview/", "The preview", typing("#id_comment")),
        "channel": (f"/channels/{mail.pk}/edit/", "#wording_preview", f"/channels/{mail.pk}/edit/", "The preview",
                    typing("#id_title_template")),
        "preferences": ("/preferences/", "#forecast", "/preferences/", "The preview",
                        lambda number: page.locator("#id_digest_at").evaluate(PICK, f"0{number}:00")),
    }[request.param]  # fmt: skip
    page.goto(page.url.rstrip("/") + address)
    page.wait_for_load_state("networkidle")
    return page, page.locator(place), f"**{requested}", name, change


def test_it_is_the_newest_answer_or_says_why_there_is_none(preview):
    """One page after the other is slow to open, so that all is tried on each at once."""
    says_what_the_server_does_not_answer(*preview)
    counts_only_the_newest_answer(*preview)
    says_that_one_is_signed_out(*preview)


def says_what_the_server_does_not_answer(page, shown, requested, name, change):
    before = shown.inner_text()
    page.route(requested, lambda route: route.fulfill(status=503, body="no"))
    change(1)
    expect(shown).to_have_text(f"{name} is unavailable (503). {AGAIN}")
    page.unroute(requested)
    page.route(requested, lambda route: route.abort())
    change(2)
    expect(shown).to_have_text(f"{name} is unavailable: the server does not respond. {AGAIN}")
    page.unroute(requested)
    page.route(requested, lambda route: route.fulfill(status=429, body="<p>Try again in 9 seconds.</p>"))
    change(3)
    expect(shown).to_have_text("Try again in 9 seconds.")
    page.unroute(requested)
    change(4)
    expect(shown).not_to_contain_text("Try again")
    expect(shown).to_contain_text(before.split()[0])
    assert shown.get_attribute("aria-busy") is None


def says_that_one_is_signed_out(page, shown, requested, name, change):
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    change(5)
    expect(shown).to_have_text("You are signed out. Sign in again in another tab, then continue here.")


def counts_only_the_newest_answer(page, shown, requested, name, change):
    answers = iter(["first", "second"])
    held = []

    def hold(route):
        held.append(route) if not held else route.fulfill(body=next(answers))

    page.route(requested, hold)
    with page.expect_request(requested):
        change(6)
    change(7)
    expect(shown).to_have_text("first")
    held[0].abort()
    page.wait_for_timeout(100)
    expect(shown).to_have_text("first")
    page.unroute(requested)
