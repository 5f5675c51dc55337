"""Ways around the door: fixed and revoked sessions, look-alike addresses, foreign hosts, and what answers give away."""

import pytest
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse

from smartagent.models import BrowserSession, User
from tests.conftest import PASSWORD
from tests.smartagent.accounts.test_recent_sign_in import JSON, KEY
from tests.smartagent.accounts.test_second_factor import add_app, code_of, sign_in

DOTLESS = "al\u0131ce@example.com"  # in capitals it is ALICE
WRONG = {"username": "alice@example.com", "password": "wrong"}


def test_a_session_that_was_planted_is_not_signed_in(alice):
    client = Client()
    client.post("/login/", WRONG | {"next": "/"})
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert sign_in(client)[1].status_code == 302
    assert client.session.session_key != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert thief.get("/security/").status_code == 302
    assert not BrowserSession.objects.filter(pk=planted).exists()


def test_whoever_is_deactivated_after_the_password_stays_out(alice, client_of, monkeypatch):
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function: function())
    secret, _ = add_app(client_of(alice))
    client, answer = sign_in()
    assert answer["Location"] == "/login/second-factor/"
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client.post(answer["Location"], {"code": code_of(secret)})
    assert client.get("/security/").status_code == 302
    assert client.get("/api/me/").status_code == 401


def test_whoever_is_deactivated_does_not_come_in_by_a_passkey_or_a_provider(alice):
    alice.is_active = False
    request = RequestFactory().post("/login/passkey/")
    request.user = AnonymousUser()
    request.session = Client().session
    request._messages = type("Messages", (), {"add": lambda *given: None})()
    with context.request_context(request):
        answer = perform_login(request, Login(user=alice, email=alice.email))
    assert answer["Location"] == "/login/"
    assert not request.user.is_authenticated
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_elsewhere(alice, settings, address):
    settings.ALLOWED_HOSTS = ["*"]
    assert sign_in(next=address)[1]["Location"] == "/"
    client, _ = sign_in()
    assert client.post(f"/confirm/?next={address}", {"password": PASSWORD})["Location"] == "/"
    assert client.post("/confirm/", {"password": PASSWORD, "next": address})["Location"] == "/"


def test_links_of_mails_lead_to_our_own_address(alice, mailoutbox, settings):
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["*"], "https://agent.example.com"
    Client().post(reverse("admin_password_reset"), {"email": alice.email}, headers={"Host": "evil.example"})
    [mail] = mailoutbox
    assert "https://agent.example.com/password/new/" in mail.body
    assert "evil" not in mail.body + mail.subject


def test_look_alikes_of_an_address_have_no_attempts_of_their_own(alice, mailoutbox):
    for n in range(10):
        Client(REMOTE_ADDR=f"203.0.113.{n}").post("/login/", WRONG | {"password": f"wrong {n}"})
    for name in ("alice@example.com", "ALICE@EXAMPLE.COM", " alice@example.com", DOTLESS, DOTLESS.upper()):
        answer = Client(REMOTE_ADDR="198.51.100.1").post("/login/", {"username": name, "password": PASSWORD})
        assert answer.status_code in (200, 429), name
        assert "sessionid" not in answer.cookies or not answer.wsgi_request.user.is_authenticated
    for _ in range(4):
        for name in ("alice@example.com", "ALICE@example.com", "alice@\uff45xample.com", DOTLESS):
            Client().post(reverse("admin_password_reset"), {"email": name})
    assert {mail.to[0] for mail in mailoutbox} == {alice.email}
    assert len(mailoutbox) == 3


def test_answers_do_not_say_who_has_an_account(alice, bob):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = set()
    for name in ("alice@example.com", "bob@example.com", "nobody@example.com"):
        answer = Client().post("/login/", {"username": name, "password": "wrong"})
        answers.add((answer.status_code, str(answer.context["form"].errors)))
    assert len(answers) == 1
    right = Client().post("/login/", {"username": "bob@example.com", "password": PASSWORD})
    assert "Wrong e-mail address or password" in right.content.decode()


def test_undoing_sends_no_secret_to_a_former_address(alice, client_of):
    client = client_of(alice)
    made = client.post("/api/channels/", {
        "kind": "webhook", "name": "ops", "settings": {"url": "https://former.example/"},
    }, content_type="application/json").json()  # fmt: skip
    address = f"/api/channels/{made['id']}/"
    assert client.patch(address, {"settings": {"url": "https://present.example/"}}, **JSON).status_code == 200
    assert client.patch(address, {"settings": {"key": KEY}}, **JSON).status_code == 200
    changes = client.get("/api/configuration-changes/?kind=channel").json()["results"]
    [moved] = [each for each in changes if "former" in str(each["changes"]) and each["event_type"].endswith("changed")]
    refused = client.post(f"/api/configuration-changes/{moved['id']}/undo/")
    assert refused.status_code == 409, refused.content
    assert client.get(address).json()["settings"]["url"] == "https://present.example/"
