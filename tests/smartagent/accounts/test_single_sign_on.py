"""Single sign-on at a real OpenID provider, which the test runs: who comes, with which roles, and who is refused."""

import json
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from time_machine import travel

from rules.models import ActivityEntry
from rules.text.activity import named_entries
from smartagent.accounts.checks import check_sign_in
from smartagent.doctor.sign_in import PROBLEM, check_ways_to_sign_in
from smartagent.models import User
from tests.conftest import PASSWORD
from tests.smartagent.accounts.test_second_factor import add_app

PEOPLE = [
    {"sub": "1", "email": "Alice@example.com", "email_verified": True, "name": "Alice L."},
    {"sub": "2", "email": "ines@example.com", "email_verified": True, "name": "Ines", "groups": ["sre"]},
    {"sub": "3", "email": "bob@example.com", "email_verified": False},
    {"sub": "4", "groups": "it"},
    {"sub": "5", "email": "al\u0131ce@example.com", "email_verified": True},
]


@pytest.fixture(scope="module")
def provider():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    claims = [part for each in PEOPLE for part in ("--user-claims", json.dumps(each))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", port, *claims]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            with suppress(httpx.TransportError):
                httpx.get(f"{address}/.well-known/openid-configuration").raise_for_status()
                break
            time.sleep(0.1)
        yield address
        process.terminate()


@pytest.fixture(autouse=True)
def _configured(provider, settings):
    app = settings.OIDC_APP | {"client_id": "smart-agent", "secret": "s", "settings": {
        "server_url": provider, "oauth_pkce_enabled": True,
    }}  # fmt: skip
    settings.OIDC_APP = app
    settings.OIDC_SERVER_URL, settings.OIDC_NAME, settings.OIDC_ROLES = provider, "Example Ltd", []
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "SCOPE": ["openid", "profile", "email"]}}


def come(sub, client=None, way_on="/rules/"):
    """Sign in at the provider as `sub`; return the browser, and the last answer of ours."""
    client = client or Client()
    there = client.get("/login/sso/login/", {"next": way_on})["Location"]
    data = {"sub": sub} if sub else {"action": "deny"}
    back = urlsplit(httpx.post(there, data=data).headers["Location"])
    assert back.path == "/login/sso/login/callback/"
    return client, client.get(f"{back.path}?{back.query}")


def test_whoever_looks_like_somebody_is_somebody_else(alice):
    client, _ = come("5")
    assert client.get("/api/me/").json()["id"] != str(alice.pk)


def test_the_provider_opens_neither_a_deactivated_account_nor_one_with_a_second_factor(alice, client_of, monkeypatch):
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function: function())
    come("1")
    add_app(client_of(alice))
    client, answer = come("1")
    assert answer["Location"] == "/login/second-factor/"
    assert client.get("/api/me/").status_code == 401
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client, answer = come("1")
    assert answer["Location"] == "/login/"
    assert client.get("/api/me/").status_code == 401


def test_passwords_are_switched_off(alice, ada, settings, client_of):
    settings.PASSWORD_SIGN_IN = False
    assert check_sign_in() == []
    assert [each.problem for each in check_ways_to_sign_in()] == [PROBLEM]
    page = Client().get("/login/").content.decode()
    assert ("Sign in with Example Ltd" in page, 'name="password"' in page, "Forgot" in page) == (True, False, False)
    client = Client()
    for address in ("/login/", "/password/forgotten/", "/password/new/x/y/"):
        answer = client.post(
            address, {"username": alice.email, "email": alice.email, "password": PASSWORD}, follow=True
        )
        assert "Passwords are switched off here." in answer.content.decode()
        assert answer.redirect_chain == [("/login/", 302)]
    client = client_of(alice)
    for answer in (client.get("/confirm/"), client.post("/confirm/", {"password": PASSWORD})):
        assert answer["Location"].startswith("/login/sso/login/")
    with travel(timezone.now() + timedelta(minutes=20)):
        confirm = client.get("/tokens/add/")["Location"]
        assert confirm == "/login/sso/login/?auth_params=prompt%3Dlogin&next=%2Ftokens%2Fadd%2F"
        assert "prompt=login" in client.get(confirm)["Location"]
        come("1", client)
        assert client.get("/tokens/add/").status_code == 200
    assert "Change password" not in client.get("/security/").content.decode()
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    come("1")
    assert list(check_ways_to_sign_in()) == []
    settings.OIDC_SERVER_URL = ""
    assert [each.id for each in check_sign_in()] == ["smartagent.E012"]


def sentences(*events):
    entries = ActivityEntry.objects.filter(event_type__in=events).order_by("created_at")
    return [each.sentence for each in named_entries(list(entries))]


def test_the_person_with_the_verified_address_comes_in(alice):
    assert "Sign in with Example Ltd" in Client().get("/login/?next=/rules/").content.decode()
    client, answer = come("1")
    assert answer["Location"] == "/rules/"
    assert client.get("/api/me/").json()["email"] == "alice@example.com"
    assert alice.check_password("correct horse battery")  # which goes on working
    assert "Alice signed in by single sign-on from 127.0.0.1" in sentences("signed_in")[0]
    User.objects.filter(pk=alice.pk).update(email="alice@elsewhere.example")
    assert come("1")[0].get("/api/me/").json()["id"] == str(alice.pk)
    assert User.objects.count() == 1


def test_a_new_person_and_the_roles_of_their_groups(db, provider, settings):
    settings.OIDC_ROLES = ["sre=operators", "it=administrators"]
    client, _ = come("2")
    ines = User.objects.get()
    assert (ines.full_name, ines.has_usable_password(), ines.is_superuser) == ("Ines", False, False)
    assert {each.name for each in ines.groups.all()} == {"members", "operators"}
    assert client.get("/runs/").status_code == 200
    httpx.put(f"{provider}/users/2", json=PEOPLE[1] | {"groups": ["it", "x"]})
    come("2")
    assert {each.name for each in ines.groups.all()} == {"members", "administrators"}
    httpx.put(f"{provider}/users/2", json=PEOPLE[1] | {"groups": None})
    come("2")
    assert {each.name for each in ines.groups.all()} == {"members"}
    assert [each.split(" by ")[0] for each in sentences("person_joined", "roles_given")] == [
        "Ines was added", "Ines has the roles members, operators", "Ines has the roles administrators, members",
        "Ines has the roles members",
    ]  # fmt: skip
    assert client.get("/confirm/?next=/tokens/add/").status_code in (302, 403)


@pytest.mark.parametrize(("sub", "words"), [
    ("3", "The provider has not verified your e-mail address"),
    ("4", "The provider gave no e-mail address"),
    ("", "The provider did not sign you in"),
    ("2", "You have no account here"),
])  # fmt: skip
def test_who_is_refused(bob, settings, sub, words):
    settings.OIDC_CREATE_PEOPLE = False
    client, answer = come(sub)
    assert answer["Location"] == "/login/"
    assert words in client.get("/login/").content.decode()
    assert User.objects.count() == 1
    assert "single sign-on: " in sentences("sign_in_failed")[0]


def test_a_forged_answer_and_a_deactivated_person(alice):
    forged = Client().get("/login/sso/login/callback/?code=x&state=y")
    assert forged["Location"] == "/login/"
    come("1")
    User.objects.update(is_active=False)
    client, answer = come("1")
    assert answer["Location"] == "/login/"
    assert client.get("/rules/").status_code == 302


def test_a_provider_that_does_not_answer(db, settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    client = Client()
    assert client.get("/login/sso/login/")["Location"] == "/login/"
    assert "The provider cannot be reached." in client.get("/login/").content.decode()


def test_a_member_who_is_signed_in_gets_there_too(alice, client_of):
    """Their role in the database may not read the keys of providers."""
    client = client_of(alice)
    assert "/authorize" in client.get("/login/sso/login/").url
    assert client.get("/login/else/login/").status_code == 404
    assert client.get("/login/sso/login/callback/").status_code == 302


def test_settings_that_cannot_work(settings):
    assert check_sign_in() == []
    settings.OIDC_ROLES, settings.OIDC_APP = ["sre"], settings.OIDC_APP | {"client_id": ""}
    assert [each.id for each in check_sign_in()] == ["smartagent.E010", "smartagent.E011"]


def test_without_a_provider_there_is_no_button(db, settings):
    settings.OIDC_SERVER_URL, settings.SOCIALACCOUNT_PROVIDERS = "", {}
    assert "Sign in with" not in Client().get("/login/").content.decode()
    assert Client().get("/login/sso/login/").status_code == 404
