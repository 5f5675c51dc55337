"""A token does what its scopes allow, in every interface."""

import pytest
from django.test import Client

from smartagent.accounts.tokens import issue_token
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import APIToken

SILENCE = {"metric": "cpu", "comment": "x"}
CALLS = [
    ("get", "/api/rules/", "read"),
    ("options", "/api/rules/", "read"),
    ("post", "/api/silences/preview/", "read"),
    ("post", "/api/rules/plan/", "read"),
    ("get", "/api/v1/rules", "read"),
    ("post", "/api/silences/", "write"),
    ("delete", "/api/rules/00000000-0000-0000-0000-000000000000/", "write"),
    ("put", "/api/preferences/", "write"),
    ("post", "/api/v1/samples/", "ingest"),
    ("post", "/api/v1/write", "ingest"),
    ("post", "/api/v2/write", "ingest"),
    ("post", "/write", "ingest"),
    ("post", "/v1/metrics", "ingest"),
    ("post", "/api/v1/alertmanager", "ingest"),
    ("post", "/api/dispatch/", "evaluate"),
    ("post", "/api/data-sources/", "admin"),
    ("post", "/api/metric-queries/", "admin"),
    ("patch", "/api/optimizer/policy/", "admin"),
    ("post", "/functions/v1/ai_agent_dispatcher", "evaluate"),
    ("post", "/functions/v1/core_notifications_gateway", "write"),
    ("post", "/rest/v1/rpc/get_anomaly_count", "read"),
    ("get", "/rest/v1/rpc/get_anomaly_count", "read"),
    ("post", "/rest/v1/rpc/mark_all_notifications_read", "write"),
]


def client_with(person, *scopes):
    return Client(headers={"Authorization": f"Bearer {issue_token(person, 'x', None, scopes)[1]}"})


def test_each_call_needs_its_scope_and_no_other(ada, no_limits):
    alone = {scope: client_with(ada, scope) for scope in TokenScope.values}
    others = {scope: client_with(ada, *(set(TokenScope.values) - {scope})) for scope in TokenScope.values}
    for method, path, scope in CALLS:
        call = {"data": {}, "content_type": "application/json"} if method != "get" else {}
        refused = getattr(others[scope], method)(path, **call)
        assert refused.status_code == 403, path
        assert f"This token lacks the scope {scope}. Its scopes: " in refused.content.decode(), path
        challenge = f'Bearer realm="Smart Agent", error="insufficient_scope", scope="{scope}"'
        assert refused["WWW-Authenticate"] == challenge, path
        assert getattr(alone[scope], method)(path, **call).status_code not in (401, 403), path


def test_the_refusal_names_what_the_token_has(alice):
    refused = client_with(alice, "ingest", "read").post("/api/dispatch/")
    assert refused.json() == {"detail": ["This token lacks the scope evaluate. Its scopes: read, ingest."]}


def test_a_method_that_is_not_there_needs_no_scope(alice):
    assert client_with(alice, "ingest").put("/api/dispatch/").status_code == 405


def test_who_was_made_without_scopes_has_all(alice):
    row = APIToken.objects.create(user=alice, name="old", digest="d")
    row.refresh_from_db()
    assert row.scopes == TokenScope.values


def test_me_shows_the_scopes_of_the_token(alice, client_of):
    token = client_with(alice, "read").get("/api/me/").json()["token"]
    assert token == {"name": "x", "scopes": ["read"], "expires_at": None}
    assert client_of(alice).get("/api/me/").json()["token"] is None


def test_the_description_names_the_scope_of_each_operation(client):
    described = client.get("/api/schema/").json()["paths"]
    for method, path, scope in CALLS:
        if operation := described.get(path, {}).get(method):
            wanted = [roles for each in operation["security"] for name, roles in each.items() if "oken" in name]
            assert wanted == [[scope]], path
            assert f"Scope of the token: `{scope}`." in operation["description"]


@pytest.mark.parametrize("chosen", [[], ["everything"]])
def test_the_page_refuses_no_scope_and_an_unknown_one(client_of, alice, chosen):
    page = client_of(alice).post("/tokens/add/", {"name": "x", "scopes": chosen})
    assert page.status_code == 200
    assert not APIToken.objects.exists()
