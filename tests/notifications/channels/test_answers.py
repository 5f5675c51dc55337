"""A message counts as delivered where the other side says so, and not where any page answers 200."""

import re

import pytest
from pytest_httpserver import HTTPServer

from tests.notifications.channels.written import message, refusal, send

PAGE = "<!DOCTYPE html><html><body>Sign in</body></html>"
SMS = {"to": "+49301234567", "sender": "+15550100", "account": "AC0123", "token": "t0p-secret"}
MAIL = {"to": "oncall@example.com", "sender": "agent@example.com", "key": "SG.abc"}
ANYWHERE = re.compile(".*")
KEY = {"key": "0123456789abcdef0123456789ABCDEF"}


@pytest.fixture
def values(httpserver: HTTPServer, settings):
    settings.TWILIO_URL = settings.SENDGRID_URL = settings.PAGERDUTY_URL = httpserver.url_for("").rstrip("/")
    url = {"url": httpserver.url_for("/hook")}
    return {"slack": url, "teams": url, "sms": SMS, "sendgrid": MAIL, "pagerduty": KEY}


@pytest.mark.parametrize(
    ("kind", "code", "body"),
    [
        *((kind, 200, PAGE) for kind in ("slack", "teams", "sms", "sendgrid", "pagerduty")),
        *((kind, 202, PAGE) for kind in ("slack", "teams", "sms", "pagerduty")),
        ("slack", 200, ""), ("slack", 200, "no trouble at all"), ("slack", 200, "{}"), ("slack", 204, ""),
        ("slack", 200, '{"success": false}'), ("slack", 200, '{"ok": 0}'),
        ("teams", 200, "Sign in"), ("teams", 200, '{"error": {"code": "x"}}'),
        ("sms", 200, "{}"), ("sms", 201, '{"sid": "SM1", "status": "failed"}'), ("sms", 200, ""),
        ("sendgrid", 200, ""), ("sendgrid", 204, ""),
        ("pagerduty", 202, ""), ("pagerduty", 200, '{"status": "invalid event"}'),
    ],
)  # fmt: skip
def test_what_does_not_say_that_it_was_taken_was_not_delivered(httpserver: HTTPServer, values, kind, code, body):

    httpserver.expect_request(ANYWHERE).respond_with_data(body, status=code)
    error = refusal(kind, message(), **values[kind])
    assert (error.code, error.permanent) == (code, False)
    assert f"Answered {code}" in str(error)
    assert ("a page of HTML" in str(error)) == (body == PAGE)


@pytest.mark.parametrize(
    ("kind", "code", "body"),
    [
        ("slack", 200, "ok"), ("slack", 200, "ok\n"), ("slack", 200, '{"success":true}'),
        ("teams", 202, ""), ("teams", 200, "1"), ("teams", 200, '{"taken": true}'),
        ("sms", 201, '{"sid": "SM1", "status": "queued"}'), ("sendgrid", 202, ""),
        ("pagerduty", 202, '{"status": "success", "message": "Event processed", "dedup_key": "x"}'),
    ],
)  # fmt: skip
def test_what_says_so_was_delivered(httpserver: HTTPServer, values, kind, code, body):
    httpserver.expect_request(ANYWHERE).respond_with_data(body, status=code)
    assert send(kind, message(), **values[kind]).code == code
