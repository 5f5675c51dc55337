"""Apprise: behind a switch, by a real notification to a receiver of its kind json://."""

import os
import subprocess
import sys

import pytest
from pytest_httpserver import HTTPServer

from notifications.channels import Address
from notifications.registries import channels
from tests.notifications.channels.written import digest, errors, got, message, refusal, send

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # one of the kinds of Apprise imports it
LISTED = "import django; django.setup(); from notifications.registries import channels; print(*channels.plugs)"


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.NOTIFICATIONS_CHANNELS = [
        *settings.NOTIFICATIONS_CHANNELS,
        "notifications.channels.apprise.AppriseChannel",
    ]


@pytest.mark.parametrize(("switch", "there"), [("", False), ("on", True)])
def test_it_is_off_unless_it_is_switched_on(switch, there, tmp_path):
    surroundings = {name: value for name, value in os.environ.items() if name != "NOTIFICATIONS_APPRISE"}
    surroundings |= {"DJANGO_SETTINGS_MODULE": "smartagent.settings", "SECRET_KEY": "x" * 60, "VAR_DIR": str(tmp_path)}
    surroundings |= {"NOTIFICATIONS_APPRISE": switch} if switch else {}
    run = subprocess.run([sys.executable, "-c", LISTED], env=surroundings, capture_output=True, text=True, check=True)
    assert ("apprise" in run.stdout.split()) is there


def test_a_message_arrives(httpserver: HTTPServer):
    httpserver.expect_request("/in", method="POST").respond_with_data("")
    receipt = send("apprise", message(severity="critical"), url=f"json://127.0.0.1:{httpserver.port}/in")
    sent = got(httpserver)
    assert (sent["title"], sent["type"]) == ("CPU is high", "failure")
    assert sent["message"] == f"CPU is 95: above 90.\n\n{message().url}"
    assert receipt.excerpt == "Delivered by Apprise."


def test_a_digest(httpserver: HTTPServer):
    httpserver.expect_request("/in").respond_with_data("")
    send("apprise", digest(12), url=f"json://127.0.0.1:{httpserver.port}/in")
    assert "… and 2 more." in got(httpserver)["message"]


def test_what_is_not_taken(httpserver: HTTPServer):
    httpserver.expect_request("/in").respond_with_data("no", status=500)
    error = refusal("apprise", message(), url=f"json://u:s3cret-word@127.0.0.1:{httpserver.port}/in")
    assert (str(error), error.permanent) == ("Apprise could not deliver the notification and gave no reason.", False)


@pytest.mark.parametrize("url", ["", "nothing", "unknown://x", "json://a.example json://b.example"])
def test_the_form_checks_the_address(url):
    assert list(errors("apprise", url=url)) == ["url"]
    assert errors("apprise", url="json://a.example/in") == {}


def test_it_shows_what_it_would_send_without_the_address():
    shown = channels["apprise"].preview(message(), Address({}))
    assert shown == f"CPU is high\n\nCPU is 95: above 90.\n\n{message().url}"
