"""What every response tells a browser, whichever it is; the pages themselves are looked at in test_crawl."""

import pytest
from django.test import Client

from tests.conftest import PASSWORD

EVERYWHERE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@pytest.mark.parametrize(
    "address", ["/login/", "/nowhere/", "/api/rules/", "/api/docs/", "/static/smartagent/shell.js"]
)
def test_every_response_has_the_headers(db, address):
    response = Client().get(address)
    response.close()
    assert EVERYWHERE.items() <= dict(response.items()).items()
    assert "camera=()" in response["Permissions-Policy"]
    if not address.startswith("/static/"):
        policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["script-src-attr"] == policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in str(policy)


def test_the_nonce_is_another_for_each_page(db):
    policies = {Client().get("/login/")["Content-Security-Policy"] for _ in range(2)}
    assert len(policies) == 2
    assert all("style-src 'self' 'nonce-" in policy for policy in policies)


def test_cookies_are_out_of_reach_of_scripts(alice):
    client = Client()
    client.get("/login/")
    client.post("/login/", {"username": alice.email, "password": PASSWORD})
    assert {"csrftoken", "sessionid"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax"), cookie.key
