"""Whatever goes wrong below the addresses of programs, the answer is JSON, and a problem for whom accepts those."""

import io

import jsonschema
import pytest
from django.test import Client

from rules.api.metrics import CatalogueView
from smartagent.accounts.tokens import issue_token
from smartagent.docs.contents import all_pages
from smartagent.docs.rendering import render
from smartagent.rest.error_responses import ERROR_SCHEMA, PROBLEM_SCHEMA
from smartagent.rest.problems import PROBLEM_TYPE, PROBLEM_TYPES, Origin, problem
from tests.rules.rule_cast import rule_of

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PROBLEM = jsonschema.Draft202012Validator(PROBLEM_SCHEMA)
MANY = "&".join(f"p{number}=1" for number in range(1100))
NOBODYS = "00000000-0000-0000-0000-000000000000"


class BrokenBody(io.BytesIO):
    """A connection that breaks while the body is read."""

    def read(self, *_):
        raise OSError("reset by peer")


ERRORS = {
    "unknown address": ("GET", "/api/nowhere/", 404, {}),
    "no slash": ("GET", "/api", 404, {}),
    "unknown version": ("POST", "/v1/traces", 404, {"content_type": FORM, "data": MANY}),
    "unknown function": ("GET", "/functions/v2/x", 404, {}),
    "unknown table": ("GET", "/rest/v1/rules?select=*", 404, {}),
    "unknown rule": ("GET", f"/api/rules/{NOBODYS}/", 404, {}),
    "method": ("PUT", "/api/rules/", 405, {}),
    "method of the description": ("POST", "/api/schema/", 405, {}),
    "method of the docs": ("POST", "/api/docs/", 405, {}),
    "what is accepted": ("GET", "/api/rules/", 406, {"HTTP_ACCEPT": "text/html"}),
    "invalid field": ("POST", "/api/rules/", 400, {"content_type": JSON, "data": "{}"}),
    "not JSON": ("POST", "/api/rules/", 400, {"content_type": JSON, "data": "{"}),
    "too large": ("POST", "/api/rules/", 413, {"content_type": JSON, "data": '"' + "a" * 4_000_001 + '"'}),
    "media type": ("POST", "/api/rules/", 415, {"content_type": FORM, "data": "a=b"}),
    "parameter": ("GET", "/api/rules/?page_size=0", 400, {}),
    "parameters": ("GET", f"/api/rules/?{MANY}", 400, {}),
    "fields of a form": ("POST", "/api/rules/", 415, {"content_type": FORM, "data": MANY}),
    "form without end": ("POST", "/api/rules/", 415, {"content_type": "multipart/form-data", "data": "a"}),
    "host": ("GET", "/api/rules/", 400, {"HTTP_HOST": "evil.example"}),
    "host of a function": ("POST", "/functions/v1/ai_agent_dispatcher", 400, {"HTTP_HOST": "evil.example"}),
    "server error": ("GET", "/api/metrics/", 500, {}),
}


@pytest.fixture
def client(alice, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(CatalogueView, "get", fail)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(alice)
    client.cookies["csrftoken"] = "a" * 32
    client.defaults["HTTP_X_CSRFTOKEN"] = "a" * 32
    return client


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_json_and_a_problem_for_whom_accepts_those(client, name):
    method, address, status, options = ERRORS[name]
    usual = client.generic(method, address, **options)
    assert (usual.status_code, usual["Content-Type"].partition(";")[0]) == (status, JSON)
    jsonschema.validate(usual.json(), ERROR_SCHEMA)
    accepts = options.get("HTTP_ACCEPT", JSON)
    listed = PROBLEM_TYPE if status != 406 else f"{PROBLEM_TYPE};q=0.1"
    asked = client.generic(method, address, **options | {"HTTP_ACCEPT": f"{accepts}, {listed}"})
    if status == 406:  # there is something that is accepted now
        assert asked.status_code == 200
        return
    assert (asked.status_code, asked["Content-Type"]) == (status, PROBLEM_TYPE)
    found = asked.json()
    PROBLEM.validate(found)
    assert found["status"] == status
    assert found["instance"] == address.partition("?")[0]
    assert [each["detail"] for each in found["errors"]] == [text for texts in usual.json().values() for text in texts]
    assert "secret" not in asked.content.decode()


def test_what_is_refused_for_who_asks_or_since_when(client, alice, audra, client_of):
    accepts = {"HTTP_ACCEPT": PROBLEM_TYPE}
    address = f"/api/rules/{rule_of(alice).pk}/"
    assert Client().get("/api/rules/", **accepts).json()["type"].endswith("/docs/rest/#not-authenticated")
    assert client_of(audra).delete(address, **accepts).json()["status"] in (403, 404)
    refused = client.delete(address, HTTP_IF_MATCH='"x"', **accepts)
    assert (refused.status_code, refused.json()["title"]) == (412, "The object has been changed meanwhile")
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(alice)
    answer = forged.post("/api/rules/", {}, JSON, **accepts)
    assert (answer.status_code, answer["Content-Type"]) == (403, PROBLEM_TYPE)
    assert answer.json()["detail"].startswith("CSRF Failed")
    assert client.get(address, **accepts)["Content-Type"] == JSON  # no error
    never = client.get("/api/nowhere/", HTTP_ACCEPT=f"*/*, {PROBLEM_TYPE};q=0")
    assert never["Content-Type"] == JSON


@pytest.mark.parametrize(("method", "headers", "status", "words"), [
    ("GET", {}, 308, "by https only: https://testserver/api/rules/?page_size=5"),
    ("GET", {"Authorization": "Bearer sa_1"}, 403, "replace the token"),
    ("POST", {}, 403, "Send the request to https://testserver/api/rules/?page_size=5"),
])  # fmt: skip
@pytest.mark.parametrize("accepted", [JSON, PROBLEM_TYPE])
def test_without_tls_where_there_is_tls(settings, method, headers, status, words, accepted):
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().generic(method, "/api/rules/?page_size=5", headers=headers | {"Accept": accepted})
    assert (answer.status_code, answer["Content-Type"]) == (status, accepted)
    assert words in str(answer.json()["detail"])
    assert answer.get("Location") == (None if status == 403 else "https://testserver/api/rules/?page_size=5")


def test_also_who_debugs_gets_no_html(settings, client):
    settings.DEBUG = True
    answers = [client.get("/api/rules/", HTTP_HOST="evil.example", HTTP_ACCEPT="*/*"), client.get("/api/nowhere/")]
    assert [(each.status_code, each["Content-Type"]) for each in answers] == [(400, JSON), (404, JSON)]


def test_a_body_that_ends_too_early(alice):
    answer = Client().request(
        PATH_INFO="/api/rules/", REQUEST_METHOD="POST", CONTENT_TYPE=JSON, CONTENT_LENGTH="9", HTTP_ACCEPT=PROBLEM_TYPE,
        HTTP_AUTHORIZATION=f"Bearer {issue_token(alice, 'program')[1]}", **{"wsgi.input": BrokenBody()},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["detail"]) == (400, "The body ended too early.")


def test_errors_point_at_what_is_wrong(client):
    body = '{"rule_name": "a", "more_conditions": [{"metric": 7}], "labels": []}'
    answer = client.post("/api/rules/", body, JSON, headers={"Accept": PROBLEM_TYPE, "Idempotency-Key": "k"}).json()
    pointers = {each["pointer"] for each in answer["errors"]}
    assert {"#/labels", "#/metric_type"} <= pointers
    origin = Origin("/api/rules/", True, frozenset({"dry"}), frozenset({"idempotency-key"}))
    names = ["detail", "dry", "Idempotency-Key", "rules[3].name", "settings.a/b", "[0].value"]
    assert problem(400, {name: ["x"] for name in names}, origin)["errors"] == [
        {"detail": "x"}, {"detail": "x", "parameter": "dry"}, {"detail": "x", "header": "Idempotency-Key"},
        {"detail": "x", "pointer": "#/rules/3/name"}, {"detail": "x", "pointer": "#/settings/a~1b"},
        {"detail": "x", "pointer": "#/0/value"},
    ]  # fmt: skip


def test_each_type_of_problem_is_in_the_documentation():
    html = render(next(page.text for page in all_pages() if page.slug == "rest")).html
    assert not [slug for slug, _ in PROBLEM_TYPES.values() if f'<a id="{slug}"></a>' not in html]
