"""A passkey of the device: added, then used in place of the password, and to confirm who one is."""

import pytest
from playwright.sync_api import expect

from rules.models import ActivityEntry

pytestmark = pytest.mark.django_db(transaction=True)
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_passkey_signs_in(alice, sign_in, page, live_server):
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    sign_in(alice, "/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Recovery codes")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Laptop")).to_be_visible()

    page.context.clear_cookies()
    page.goto(f"{live_server.url}/login/?next=/rules/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{live_server.url}/rules/")
    entry = ActivityEntry.objects.get(event_type="signed_in")
    assert (entry.user, entry.context["method"]) == (alice, "passkey")

    page.goto(f"{live_server.url}/confirm/passkey/?next=/security/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{live_server.url}/security/")
