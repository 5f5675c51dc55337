"""Signing in and out, one's password and one's profile."""

import re

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.test import Client
from django.urls import reverse

from smartagent.models import User
from tests.conftest import PASSWORD

NEW = "a much better battery"


def sign_in(client, email="alice@example.com", password=PASSWORD, **more):
    return client.post("/login/", {"username": email, "password": password} | more)


@pytest.mark.parametrize("email", ["alice@example.com", "Alice@Example.COM"])
def test_a_member_signs_in_by_e_mail_in_any_capitals(alice, email):
    client = Client()
    assert sign_in(client, email).status_code == 302
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("requested", "address"), [("/rules/?status=active", "/rules/?status=active"), ("https://evil.example/", "/")]
)
def test_one_comes_to_the_page_that_was_asked_for_but_not_to_another_host(alice, requested, address):
    response = sign_in(Client(), next=requested)
    assert response.headers["Location"] == address


def test_a_page_asks_to_sign_in_first(db):
    response = Client().get("/rules/")
    assert response.headers["Location"] == "/login/?next=/rules/"
    assert 'value="/rules/"' in Client().get(response.headers["Location"]).content.decode()


def test_a_wrong_password_says_so_and_not_whether_somebody_is_called_so(alice):
    wrong = sign_in(Client(), password="nonsense").content.decode()
    unknown = sign_in(Client(), email="nobody@example.com").content.decode()
    for page in (wrong, unknown):
        assert "Wrong e-mail address or password" in page


def test_who_is_deactivated_is_out_at_once(alice, client_of):
    client = client_of(alice)
    User.objects.update(is_active=False)
    assert client.get("/").status_code == 302
    assert sign_in(Client()).status_code == 200


def test_signing_out(alice, client_of):
    client = client_of(alice)
    assert "You are signed out" in client.post("/logout/").content.decode()
    assert client.get("/").status_code == 302


def test_passwords_are_kept_as_argon2(alice, settings):
    settings.PASSWORD_HASHERS = [hasher for hasher in settings.PASSWORD_HASHERS if "MD5" not in hasher]
    alice.set_password(NEW)
    assert identify_hasher(alice.password).algorithm == "argon2"


def test_changing_ones_password(alice, client_of):
    client = client_of(alice)
    assert client.get(reverse("admin:password_change")).status_code == 200
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    page = client.post(reverse("admin:password_change"), fields, follow=True)
    assert "Your password was changed" in page.content.decode()
    assert sign_in(Client(), password=NEW).status_code == 302


def test_a_forgotten_password_is_set_anew_by_mail(alice, mailoutbox):
    client = Client()
    assert reverse("admin_password_reset") in client.get("/login/").content.decode()
    requested = client.post(reverse("admin_password_reset"), {"email": "ALICE@example.com"}, follow=True)
    assert "was sent" in requested.content.decode()
    [mail] = mailoutbox
    assert mail.subject == "A new password for Smart Agent"
    link = re.search(r"http://localhost:8000(/\S+)", mail.body).group(1)
    form = client.get(link, follow=True)
    done = client.post(form.request["PATH_INFO"], {"new_password1": NEW, "new_password2": NEW}, follow=True)
    assert "Your password was changed" in done.content.decode()
    assert sign_in(Client(), password=NEW).status_code == 302
    again = Client().get(link, follow=True)
    assert "already used" in again.content.decode()


def test_nobody_learns_whether_an_address_exists(alice, mailoutbox):
    known = Client().post(reverse("admin_password_reset"), {"email": alice.email}, follow=True)
    mailoutbox.clear()
    unknown = Client().post(reverse("admin_password_reset"), {"email": "nobody@example.com"}, follow=True)
    assert mailoutbox == []
    assert known.redirect_chain == unknown.redirect_chain


def test_ones_name_and_time_zone(alice, client_of):
    client = client_of(alice)
    page = client.get(reverse("admin:profile")).content.decode()
    assert '<option value="Europe/Berlin"' in page
    client.post(reverse("admin:profile"), {"full_name": "Alice Liddell", "time_zone": "Asia/Kolkata"})
    alice.refresh_from_db()
    assert (str(alice), alice.time_zone) == ("Alice Liddell", "Asia/Kolkata")
    refused = client.post(reverse("admin:profile"), {"full_name": "A", "time_zone": "Mars/Olympus"})
    assert "“Mars/Olympus” is not a time zone." in refused.content.decode()
    alice.refresh_from_db()
    assert alice.time_zone == "Asia/Kolkata"


def test_a_profile_is_nobody_elses(alice, client_of):
    client_of(alice).post(
        reverse("admin:profile"),
        {"full_name": "A", "time_zone": "UTC", "is_superuser": "on", "email": "root@example.com"},
    )
    alice.refresh_from_db()
    assert (alice.email, alice.is_superuser) == ("alice@example.com", False)
