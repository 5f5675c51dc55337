"""Errors are reported to what speaks Sentry's protocol: here a receiver on loopback, and processes of their own."""

import gzip
import itertools
import json
import os
import subprocess
import sys

import pytest
from pytest_httpserver import HTTPServer

FAILS = """
import logging
from datetime import UTC, datetime
from uuid import UUID

import django
import structlog
from django.conf import settings

django.setup()
from django.http import HttpRequest
from django.test import Client
from django.urls import path

from rules.actions import Firing
from rules.evaluation import execution

RUN, RULE, PERSON = (UUID(int=number) for number in (1, 2, 3))
SECRET = "sa_0123456789abcdef"


def fail(request: HttpRequest, number: int) -> None:
    raise ValueError("Bob <bob@example.com> has https://hooks.example.com/services/T0/B0/abc?x=1")


urlpatterns = [path("boom/<int:number>/", fail)]
settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
Client(raise_request_exception=False).get(
    "/boom/7/?key=hidden-one", headers={"Authorization": f"Bearer {SECRET}", "Cookie": "sessionid=hidden-two"}
)
at = datetime(2026, 3, 2, tzinfo=UTC)
firing = Firing(
    entry_id=UUID(int=4), event="triggered", rule_id=RULE, rule_name="Hidden three", owner_id=PERSON, run_id=RUN,
    subject_id=PERSON, subject_name="Bob", target="", metric="cpu", value=1.0, operator=">", threshold=0.0,
    severity="high", config={"token": SECRET}, fired_at=at, now=at,
)
try:
    raise RuntimeError(f"token={SECRET} was refused")
except RuntimeError as error:
    execution._say("notify", firing, error)
with structlog.contextvars.bound_contextvars(run=str(RUN)):
    structlog.get_logger("x").error("the database failed", error="password='hidden-four'")
    structlog.get_logger("x").warning("no report")
logging.getLogger("django-q").error("Failed task of bob@example.com")
"""


def run(**environment):
    return subprocess.run(
        [sys.executable, "-c", FAILS], capture_output=True, text=True, check=False, env=os.environ | environment
    )


def events(receiver):
    """The events of the envelopes that came."""
    found = []
    for request, _ in receiver.log:
        body = gzip.decompress(request.data) if request.headers.get("Content-Encoding") == "gzip" else request.data
        lines = [json.loads(line) for line in body.split(b"\n") if line]
        found += [event for head, event in itertools.pairwise(lines) if head.get("type") == "event"]
    return found


def test_reports_have_tags_and_nothing_secret(httpserver: HTTPServer):
    httpserver.expect_request("/api/1/envelope/", method="POST").respond_with_data("{}")
    done = run(SENTRY_DSN=f"http://key@127.0.0.1:{httpserver.port}/1", LOG_FORMAT="json")
    assert done.returncode == 0, done.stderr
    view, action, line, task = events(httpserver)
    assert (view["transaction"], "request" in view) == ("/boom/{number}/", False)
    assert view["exception"]["values"][0]["value"] == "Bob <…> has https://hooks.example.com/…"
    tags = {"run": "0" * 8, "rule": "0" * 8, "person": "0" * 8}
    assert {name: action["tags"][name][:8] for name in tags} == tags
    assert action["tags"]["action"] == "notify"
    assert action["exception"]["values"][0]["stacktrace"]["frames"]
    assert (line["message"], line["tags"]["run"][-1]) == ("the database failed", "1")
    assert task["logentry"]["message"] == "Failed task of …"
    said = json.dumps([view, action, line, task])
    assert not [word for word in ("bob@", "hidden-", "sa_0123", "Hidden three", "/services/") if word in said]
    logged = [json.loads(text) for text in done.stderr.splitlines()]
    assert [(each["event"], each["run"][-1]) for each in logged if "run" in each] == [
        ("action failed", "1"), ("the database failed", "1"), ("no report", "1")]  # fmt: skip
    assert "RuntimeError" in logged[1]["exception"]


@pytest.mark.parametrize(("name", "value", "words"), [
    ("SENTRY_DSN", "sentry.example.com", "SENTRY_DSN is no address of a project; it should look like https://key@"),
    ("LOG_FORMAT", "xml", "LOG_FORMAT is 'xml'; it must be logfmt or json."),
])  # fmt: skip
def test_wrong_settings_are_named(name, value, words):
    done = run(**{name: value})
    assert (done.returncode, words in done.stderr) == (1, True)
