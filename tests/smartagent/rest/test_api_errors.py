"""One error format, whatever goes wrong."""

import re

import pytest
from django.test import Client

from rules.api.metrics import CatalogueView
from tests.api import Program


@pytest.mark.parametrize(("method", "address", "status", "message"), [
    ("get", "nowhere/", 404, "No endpoint at /api/nowhere/. /api/docs/ lists all endpoints."),
    ("get", "rules", 404, "No endpoint at /api/rules. Addresses end with a slash."),
    ("post", "nowhere/", 404, "No endpoint at"),
    ("get", "rules/not-an-id/", 404, "No endpoint at"),
    ("get", "a%0Ab", 404, "No endpoint at"),
    ("get", "rules/00000000-0000-0000-0000-000000000000/", 404, "Not found, or you do not have access"),
    ("put", "rules/", 405, 'Method "PUT" not allowed.'),
    ("get", "dispatch/", 405, 'Method "GET" not allowed.'),
])  # fmt: skip
def test_addresses_and_methods(alice, method, address, status, message):
    error = getattr(Program(alice), method)(address, status=status)
    assert message in error["detail"][0]


@pytest.mark.parametrize(("body", "options", "status", "message"), [
    ('{"rule_name": ', {}, 400, "The body is not JSON: Expecting value: line 1 column 15"),
    ("[]", {}, 400, "Invalid data. Expected a dictionary"),
    ("rule_name=Low", {"content_type": "application/x-www-form-urlencoded"}, 415, "Unsupported media type"),
])  # fmt: skip
def test_bodies(alice, body, options, status, message):
    assert message in Program(alice).post("rules/", body, status=status, **options)["detail"][0]


def test_a_header_that_excludes_json(alice):
    error = Program(alice).get("rules/", status=406, headers={"Accept": "text/html"})
    assert error == {"detail": ["Could not satisfy the request Accept header."]}


def test_who_is_not_signed_in_is_told_how(db):
    answer = Client().get("/api/rules/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Smart Agent"'
    assert answer.json() == {"detail": ["Authentication credentials were not provided."]}


def test_a_session_needs_the_token_against_forgery(alice):
    error = Program(alice, enforce_csrf_checks=True).post("rules/", {}, status=403)
    assert error["detail"][0].startswith("CSRF Failed")


def test_what_nobody_foresaw_is_logged_and_kept_to_ourselves(alice, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(CatalogueView, "get", fail)
    error = Program(alice, raise_request_exception=False).get("metrics/", status=500)
    assert error == {"detail": ["Server error. The error was logged; try again later."]}
    assert "ZeroDivisionError: secret" in caplog.text


def test_who_am_i(alice, ada):
    me = Program(alice).get("me/")
    assert (me["email"], me["groups"], me["sees_everyone"]) == ("alice@example.com", ["members"], False)
    assert "rules.add_automationrule" in me["permissions"]
    assert Program(ada).get("me/")["changes_everyone"] is True


def test_the_page_of_the_description_asks_nobody_else(client, db):
    page = client.get("/api/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert not [each for each in re.findall(r'(?:src|href)="([^"]*)"', page) if "://" in each]
    schema = client.get("/api/schema/").json()
    assert schema["openapi"] == "3.1.0"
    assert next(iter(schema["components"]["securitySchemes"])) == "token"  # which the page asks for first
