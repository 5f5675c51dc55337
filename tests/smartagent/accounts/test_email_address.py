"""A person changes their e-mail address, or verifies it, by a link that is sent to it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from time_machine import travel

from rules.models import ActivityEntry
from rules.text.activity import named_entries
from smartagent.models import User
from tests.conftest import PASSWORD

NEW = "alice@new.example"


def link():
    return mail.outbox[-1].body.partition("http://localhost:8000")[2].split()[0]


def sentences():
    entries = ActivityEntry.objects.filter(event_type__startswith="email_").order_by("created_at")
    return [each.sentence.split(" from 127")[0] for each in named_entries(list(entries))]


@pytest.fixture
def client(alice, client_of):
    return client_of(alice)


def test_a_new_address(alice, client):
    page = client.post("/security/email/", {"email": "Alice@New.example"}, follow=True).content.decode()
    assert f"A link was sent to {NEW}" in page
    assert mail.outbox[0].to == [NEW]
    there = link()
    stranger = Client()  # a mail program opens it, perhaps elsewhere
    assert f"{NEW} becomes the address by which Alice signs in." in stranger.get(there).content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"  # a GET changes nothing
    assert f"You sign in by {NEW}." in stranger.post(there).content.decode()
    alice.refresh_from_db()
    assert alice.email == NEW
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == (
        ["alice@example.com"], "Your e-mail address for Smart Agent was changed"
    )  # fmt: skip
    assert NEW not in mail.outbox[-1].body
    assert Client().post("/login/", {"username": NEW, "password": PASSWORD}).status_code == 302
    assert stranger.post(there).status_code == 410
    assert "verified" in client.get("/security/").content.decode()
    assert sentences() == [
        f"Alice requested a link to {NEW}", f"Alice changed the e-mail address from alice@example.com to {NEW}",
    ]  # fmt: skip


def test_the_present_address_is_verified(alice, client):
    assert "Verify e-mail address" in client.get("/security/").content.decode()
    client.post("/security/email/verify/")
    assert "is the address of Alice" in client.get(link()).content.decode()
    client.post(link())
    page = client.get("/security/").content.decode()
    assert "Verify e-mail address" not in page
    assert sentences()[-1] == "Alice verified the address alice@example.com"
    User.objects.update(email="alice@other.example")  # by an administrator
    assert "Verify e-mail address" in client.get("/security/").content.decode()


@pytest.mark.parametrize("change", [
    lambda alice: alice.set_password("a much better battery"),
    lambda alice: setattr(alice, "email", "alice@other.example"),
    lambda alice: setattr(alice, "is_active", False),
])  # fmt: skip
def test_a_link_that_is_not_worth_anything_any_more(alice, client, change):
    client.post("/security/email/", {"email": NEW})
    change(alice)
    alice.save()
    answer = Client().post(link())
    assert (answer.status_code, "Request a new one" in answer.content.decode()) == (410, True)


def test_what_is_refused(alice, bob, client, settings):
    page = client.post("/security/email/", {"email": "BOB@example.com"}, follow=True).content.decode()
    assert "A link was sent to bob@example.com" in page  # she does not learn that Bob is there
    assert (mail.outbox[-1].to, "already exists" in mail.outbox[-1].body) == ([bob.email], True)
    assert "/email/confirm/" not in mail.outbox[-1].body
    client.post("/security/email/", {"email": NEW})
    taken, there = User.objects.filter(pk=bob.pk), link()
    taken.update(email=NEW)
    assert Client().post(there).status_code == 409
    with travel(timezone.now() + timedelta(days=2)):
        assert Client().get(there).status_code == 410
    for n in range(2):
        answer = client.post("/security/email/", {"email": f"a{n}@new.example"})
    assert "Too many failed attempts" not in answer.content.decode()
    assert "Try again in" in answer.content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "No mail server is set up." in client.post("/security/email/", {"email": NEW}).content.decode()
    assert "Change e-mail address" not in client.get("/security/").content.decode()
    for page in (Client().get("/password/forgotten/"), Client().post("/password/forgotten/", {"email": alice.email})):
        assert "No mail server is set up, so no link can be sent." in page.content.decode()
