"""The example platform: it breaks and heals over HTTP, shows itself, and takes somebody's integrations."""

import json
import os
import re
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from rules.models import Integration
from smartagent.demo.platform.connection import look
from smartagent.demo.platform.server import SERVICE_NAMES, running
from tests.optimizer.step_cast import done, secrets_of, task

ROOT = Path(__file__).resolve().parents[3]
ON_OUR_DATABASE = """
import sys, django
from django.core.management import call_command
from django.db import connection
django.setup()
connection.settings_dict["NAME"] = sys.argv[1]
call_command("example_platform", "--port", sys.argv[2], "--connect", "ALICE@example.com")
"""


@pytest.fixture
def browser(platform):
    with httpx.Client(base_url=platform.address, trust_env=False) as client:
        yield client


def test_each_part_breaks_and_heals(browser, gmail):
    auth = {"Authorization": f"Bearer {gmail.access_token}"}
    for what, ask, good, bad in (
        ("health", lambda: browser.get("/gmail/health"), 200, 503),
        ("token", lambda: browser.get("/gmail/me", headers=auth), 200, 401),
        ("refresh", lambda: browser.post("/gmail/refresh"), 401, 503),
    ):
        assert ask().status_code == good
        assert browser.post("/control/gmail/break", json={"what": what}).json()["broken"] == [what]
        assert ask().status_code == bad
        assert browser.post("/control/gmail/heal", json={"what": what}).json()["broken"] == []
        assert ask().status_code == good
    assert browser.get("/slack/health").status_code == 200


def test_it_heals_altogether(browser, gmail):
    for what in ("health", "token", "refresh"):
        browser.post("/control/gmail/break", json={"what": what})
    assert browser.post("/control/gmail/heal").json()["broken"] == []


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("POST", "/control/gmail/break", 400), ("POST", "/control/nobody/break", 404), ("GET", "/gmail/nothing", 404),
     ("GET", "/nobody/health", 404), ("POST", "/control/gmail/explode", 404), ("POST", "/gmail/oauth/token", 401)],
)  # fmt: skip
def test_what_it_does_not_know_it_refuses(browser, method, path, code):
    assert browser.request(method, path, json={"what": "everything"}).status_code == code


def test_its_state_says_what_was_asked_and_nothing_secret(browser, gmail):
    browser.get("/gmail/health")
    state = browser.get("/control/").json()
    assert state["asked"] == ["GET /gmail/health"]
    assert [each["name"] for each in state["integrations"]] == list(SERVICE_NAMES)
    assert not [secret for secret in gmail.credentials().values() if secret in json.dumps(state)]


def test_a_button_of_its_page_breaks_something_and_comes_back_to_the_page(browser, gmail):
    page = browser.get("/").text
    assert 'aria-label="break the health of gmail"' in page
    accept = {"Accept": "text/html"}
    answer = browser.post("/control/gmail/break", data={"what": "health"}, headers=accept, follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/")
    assert 'aria-label="heal the health of gmail"' in answer.text


def test_a_look_finds_what_is_broken_and_mends_nothing(at_gmail, gmail, alice, now):
    assert look(at_gmail, now) == ""
    gmail.broke("token")
    error = look(at_gmail, now)
    at_gmail.refresh_from_db()
    assert error == "Check of the access token failed: 401 (Unauthorized)."
    assert (at_gmail.status, at_gmail.error_message) == ("error", error)
    gmail.healed()
    assert look(at_gmail, now) == ""
    at_gmail.refresh_from_db()
    assert at_gmail.status == "error"
    done("retry_connection", task(alice, now, integration=at_gmail))
    at_gmail.refresh_from_db()
    assert at_gmail.status == "active"


def test_a_look_at_nobody_says_so(at_gmail, platform, now):
    at_gmail.config["health_url"] = "http://127.0.0.1:9/"
    assert "could not be reached" in look(at_gmail, now)


def test_a_port_that_is_taken_is_said_to_be(db, platform):
    with pytest.raises(CommandError, match=f"Port {platform.server_port} cannot be used: Address already in use"):
        call_command("example_platform", port=platform.server_port, stdout=StringIO())


def test_nobody_of_that_address(db):
    with pytest.raises(CommandError, match=r"nobody with the address eve@example\.com"):
        call_command("example_platform", connect="eve@example.com", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_the_command_connects_somebody_looks_at_them_and_ends(alice):
    with running() as free:
        port = free.server_port
    command = [sys.executable, "-c", ON_OUR_DATABASE, connection.settings_dict["NAME"], str(port)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "smartagent.settings"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            output = "".join(iter(process.stdout.readline, "Ctrl-C ends it.\n"))
            assert f"The example platform is at http://127.0.0.1:{port}/" in output
            assert "OUTBOUND_ALLOWED=127.0.0.1" in output
            assert "gmail, slack, trello, outlook, sendgrid of alice@example.com stand on it now" in output
            body = json.loads(re.search(r"-d '(.*)' http", output)[1])
            gmail = Integration.objects.get(user=alice, integration_type="gmail")
            assert secrets_of(gmail) == body["credentials"]
            assert gmail.config == body["config"]
            httpx.post(f"http://127.0.0.1:{port}/control/gmail/break", json={"what": "health"}, trust_env=False)
            assert process.stdout.readline().endswith("gmail: Health check failed: 503 (Service Unavailable).\n")
            assert Integration.objects.get(pk=gmail.pk).status == "error"
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
