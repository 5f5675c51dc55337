"""A webhook in the browser: made with a key that is shown once, tried out, broken, seen to be broken, and repaired."""

import pytest
from playwright.sync_api import expect
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook

from notifications.models import Channel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _loopback(settings, monkeypatch):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8", "::1"]
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_made_tried_out_broken_and_repaired(alice, sign_in, live_server, httpserver: HTTPServer):
    httpserver.expect_request("/hook").respond_with_data("thank you")
    httpserver.expect_request("/gone").respond_with_data("there is nothing here", status=410)
    page = sign_in(alice, "/channels/")
    expect(page.get_by_text("No channel yet")).to_be_visible()
    page.goto(f"{live_server.url}/channels/add/")
    page.get_by_role("link", name="Webhook", exact=True).click()
    page.get_by_label("Name").fill("ops")
    page.get_by_label("Address").fill(httpserver.url_for("/hook"))
    page.get_by_label("Generate a new signing key").check()
    page.get_by_role("button", name="Save").click()
    key = page.locator("#secret").input_value()
    page.get_by_role("link", name="Done").click()

    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("Test message delivered in")).to_be_visible()
    expect(page.get_by_text("thank you")).to_be_visible()
    request = httpserver.log[0][0]
    assert Webhook(key).verify(request.data, dict(request.headers))["data"]["title"] == "[TEST] ops"
    assert key not in page.content()

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Address").fill(httpserver.url_for("/gone"))
    page.get_by_label("Generate a new signing key").check()  # the key of the address before is not sent to another
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("Test message failed. Answered 410.")).to_be_visible()
    expect(page.get_by_text("Failing", exact=True)).to_be_visible()
    expect(page.get_by_text("there is nothing here")).to_be_visible()
    page.goto(f"{live_server.url}/channels/?state=failing")
    page.get_by_role("link", name="ops").click()

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Address").fill(httpserver.url_for("/hook"))
    page.get_by_label("Generate a new signing key").check()  # the key of the address before is not sent to another
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Untested", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("Test message delivered in")).to_be_visible()
    assert not Channel.objects.get().is_open


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript(alice, sign_in, live_server, httpserver: HTTPServer):
    httpserver.expect_request("/hook").respond_with_data("thank you")
    page = sign_in(alice, "/channels/add/webhook/")
    page.get_by_label("Name").fill("ops")
    page.get_by_label("Address").fill("nowhere")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The URL must begin with https:// or http:// and name a host.")).to_be_visible()
    page.get_by_label("Address").fill(httpserver.url_for("/hook"))
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("Test message delivered in")).to_be_visible()
