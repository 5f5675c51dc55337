"""Authenticator apps, recovery codes, required second factors, and confirming who one is."""

import re
import time
from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from time_machine import travel

from optimizer.models import OptimizerPolicy
from rules.models import ActivityEntry
from rules.text.activity import named_entries
from smartagent.kernel.command_line import command_line
from smartagent.models import APIToken
from tests.conftest import PASSWORD


def code_of(secret):
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client=None, email="alice@example.com", **more):
    client = client or Client()
    return client, client.post("/login/", {"username": email, "password": PASSWORD} | more)


def sentences(*events):
    entries = ActivityEntry.objects.filter(event_type__in=events).order_by("created_at")
    return [each.sentence for each in named_entries(list(entries))]


def add_app(client):
    """Add an authenticator app as one does on the page; return its secret and the recovery codes."""
    page = client.get("/security/app/add/").content.decode()
    secret = re.search(r'id="secret" readonly value="(\w+)"', page).group(1)
    done = client.post("/security/app/add/", {"code": code_of(secret)}, follow=True).content.decode()
    return secret, re.search(r"<textarea[^>]*>([^<]+)<", done).group(1).split()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """What follows a commit is done in the transaction of the test."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function: function())


@pytest.fixture
def app(alice, client_of):
    return add_app(client_of(alice))


def test_a_code_after_the_password(app, alice):
    secret, codes = app
    assert len(codes) == 10
    assert secret not in str(Authenticator.objects.values_list("data", flat=True))
    client, answer = sign_in(next="/rules/")
    assert answer["Location"] == "/login/second-factor/"
    assert client.get("/rules/").status_code == 302  # not signed in yet
    assert "Six digits of your authenticator app" in client.get(answer["Location"]).content.decode()
    assert "Wrong code" in client.post(answer["Location"], {"code": "000000"}).content.decode()
    cache.clear()  # each code works once, and that of the first page was used just now
    answer = client.post(answer["Location"], {"code": code_of(secret)})
    assert answer["Location"] == "/rules/"
    assert client.get("/rules/").status_code == 200
    assert sentences("second_factor_changed") == ["Alice added an authenticator app from 127.0.0.1 (Unknown browser)."]
    assert "signed in by password and authenticator app" in sentences("signed_in")[0]
    page = client.get("/security/").content.decode()
    assert "10 left" in page
    assert "not shown again" in client.get("/security/recovery-codes/").content.decode()
    assert codes[0] not in client.get("/security/recovery-codes/").content.decode()


def test_a_recovery_code_works_once_and_guesses_are_limited(app, alice):
    _, codes = app
    for expected in ("/", None):
        client, answer = sign_in()
        answer = client.post(answer["Location"], {"code": codes[0]})
        assert answer.get("Location") == expected
    assert "used a recovery code, 9 left" in sentences("recovery_code_used")[0]
    client, answer = sign_in(Client(REMOTE_ADDR="203.0.113.1"))
    for n in range(10):
        client.post(answer["Location"], {"code": f"{n:06}"})
    refused = client.post(answer["Location"], {"code": codes[1]}).content.decode()
    assert "Too many failed attempts. Try again in" in refused
    assert any(each.endswith("wrong code.") for each in sentences("sign_in_failed"))
    with travel(timezone.now() + timedelta(hours=2)):
        client, answer = sign_in(Client(REMOTE_ADDR="203.0.113.1"))
        assert client.post(answer["Location"], {"code": codes[1]})["Location"] == "/"


def test_passkeys_that_nobody_has(app, alice):
    unknown = {"credential": '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}'}
    for credential in (unknown, {"credential": "nonsense"}, {}):
        client = Client()
        assert client.post("/login/passkey/", credential)["Location"] == "/login/"
        assert "This passkey is not known here." in client.get("/login/").content.decode()
    assert sentences("sign_in_failed")[0].endswith("unknown passkey.")
    client, answer = sign_in()
    assert "This passkey is not known here." in client.post(answer["Location"], unknown).content.decode()
    assert Client().get("/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]


def test_removing_the_app_and_new_codes(app, alice, client_of):
    _, codes = app
    client = client_of(alice)
    new = client.post("/security/recovery-codes/new/", follow=True).content.decode()
    assert "are not shown again" in new
    assert codes[0] not in new
    assert "no longer signs you in" in client.get("/security/app/remove/").content.decode()
    assert client.post("/security/app/remove/").status_code == 302
    assert not Authenticator.objects.exists()  # nor codes of nothing
    assert [each.split(" from ")[0] for each in sentences("second_factor_changed")][1:] == [
        "Alice made new recovery codes", "Alice removed their authenticator app",
    ]  # fmt: skip
    assert sign_in()[1]["Location"] == "/"


def test_an_administrator_removes_the_factor_of_a_lost_phone(app, alice, ada, client_of):
    chosen = {"action": "reset_second_factor", "_selected_action": [str(alice.pk)]}
    assert "1 person removed" in client_of(ada).post("/people/", chosen, follow=True).content.decode()
    assert sign_in()[1]["Location"] == "/"
    assert "Ada removed the second factors of alice@example.com" in sentences("second_factor_reset")[0]


def test_the_terminal_lets_in_whom_nobody_else_can(app, alice):
    for n in range(11):
        Client().post("/login/", {"username": alice.email, "password": f"wrong {n}"}, REMOTE_ADDR="203.0.113.1")
    stranger = Client(REMOTE_ADDR="203.0.113.2")
    assert sign_in(stranger)[1].status_code == 429
    call_command("unlock", "ALICE@example.com", "--second-factors", stdout=StringIO())
    assert sign_in(stranger)[1]["Location"] == "/"
    assert sentences("second_factor_reset") == [f"{command_line()} removed the second factors of alice@example.com."]
    with pytest.raises(CommandError, match=r"Nobody signs in as nobody@example\.com"):
        call_command("unlock", "nobody@example.com")


@pytest.mark.parametrize("by_group", [True, False])
def test_where_a_second_factor_is_required(alice, bob, ada, settings, client_of, by_group):
    settings.MFA_REQUIRED, settings.MFA_REQUIRED_GROUPS = not by_group, ["administrators"] * by_group
    assert client_of(bob).get("/rules/").status_code == (200 if by_group else 302)
    client = client_of(ada)
    assert client.get("/rules/")["Location"] == "/security/"
    assert client.get("/api/me/").status_code == 403
    assert client.get("/badges/", headers={"Sec-Fetch-Mode": "cors"}).status_code == 403
    assert "Your role requires a second factor." in client.get("/security/").content.decode()
    add_app(client)
    assert client.get("/rules/").status_code == 200
    kept = client.post("/security/app/remove/").content.decode()
    assert "Your role requires a second factor. Add another one first." in kept
    assert Authenticator.objects.filter(user=ada, type="totp").exists()


def test_secrets_tokens_roles_and_the_switch_need_a_recent_sign_in(ada, alice, client_of):
    client = client_of(ada)
    assert client.get("/tokens/add/").status_code == 200
    later = timezone.now() + timedelta(minutes=20)
    with travel(later):
        for address in ("/tokens/add/", f"/people/{alice.pk}/change/", "/people/add/", "/security/app/add/"):
            assert client.get(address)["Location"].startswith("/confirm/?next=%2F"), address
        assert client.post("/tokens/add/", {"name": "opened in time", "scopes": ["read"]}).status_code == 200
        token = {"name": "by REST", "scopes": ["read"]}
        refused = client.post("/api/v1/tokens/", token, content_type="application/json")
        assert (refused.status_code, "needs a recent sign-in" in refused.json()["detail"][0]) == (403, True)
        assert client.post("/optimizer-policy/stop/")["Location"] == "/confirm/?next=%2Foptimizer-policy%2F"
        assert not OptimizerPolicy.current().stopped
        page = client.get("/confirm/?next=/optimizer-policy/").content.decode()
        assert "Nothing was changed yet. Confirm that it is you, then press the button again." in page
        wrong = client.post("/confirm/?next=/optimizer-policy/", {"password": "nonsense"})
        assert "Wrong password" in wrong.content.decode()
        right = client.post("/confirm/?next=/optimizer-policy/", {"password": PASSWORD})
        assert right["Location"] == "/optimizer-policy/"
        client.post("/optimizer-policy/stop/")
        assert OptimizerPolicy.current().stopped
        assert client.get("/tokens/add/").status_code == 200
        assert client.post("/confirm/?next=https://evil.example/", {"password": PASSWORD})["Location"] == "/"
    with travel(later + timedelta(hours=3)):
        assert client.post("/tokens/add/", {"name": "too late"}).status_code == 302
    assert [each.name for each in APIToken.objects.all()] == ["opened in time"]
