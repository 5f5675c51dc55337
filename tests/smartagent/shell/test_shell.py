"""The shell around every page: badges, palette, errors, and that it asks nobody else."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from tests.rules.rule_cast import rule_of, state_of


def notification_for(user, **fields):
    return Notification.objects.create(**{"user": user, "type": "alert", "title": "T", "message": "M"} | fields)


def found(client, term):
    page = client.get(reverse("admin:search"), {"s": term}).content.decode()
    return re.findall(r'data-title="([^"]*)"', page)


# -- badges ----------------------------------------------------------------------------------------


def test_badges_count_what_is_ones_own(client_of, alice, bob):
    state_of(rule_of(alice), timezone.now())
    for _ in range(2):
        notification_for(alice)
    notification_for(alice, status="read")
    OptimizationEvent.objects.create(user=alice, source_event_type="s", optimization_action="auto")
    assert client_of(alice).get("/badges/").json() == {"firing": "1", "unread": "2", "proposed": "1"}
    assert client_of(bob).get("/badges/").json() == {"firing": "", "unread": "", "proposed": ""}
    assert '<span data-badge="unread">2</span>' in client_of(alice).get("/").content.decode()


def test_an_operator_has_badges_of_everyone_but_the_inbox_is_their_own(client_of, alice, olga):
    state_of(rule_of(alice), timezone.now())
    notification_for(alice)
    assert client_of(olga).get("/badges/").json() == {"firing": "1", "unread": "", "proposed": ""}


def test_badges_stop_counting(client_of, alice, django_assert_num_queries):
    Notification.objects.bulk_create(Notification(user=alice, type="alert", title="T", message="M") for _ in range(150))
    client = client_of(alice)
    with django_assert_num_queries(4 + 3):  # session, person, two for permissions; one each
        assert client.get("/badges/").json()["unread"] == "99+"


def test_badges_are_for_who_is_signed_in(db):
    assert Client().get("/badges/").status_code == 302


# -- palette ---------------------------------------------------------------------------------------


def test_the_palette_finds_pages_and_ones_own_rules(client_of, alice, bob):
    rule_of(alice, rule_name="Firing squad")
    assert found(client_of(alice), "fIRing") == ["Firing", "Firing squad"]
    assert found(client_of(bob), "firing") == ["Firing"]
    assert "Overview" in found(client_of(bob), "")


def test_the_palette_finds_people_for_those_who_may_see_them(client_of, alice, olga):
    assert found(client_of(olga), "alice@") == ["Alice"]
    assert found(client_of(alice), "alice@") == []
    assert "No results for" in client_of(alice).get("/search/?s=zzz").content.decode()


def test_the_palette_finds_only_pages_that_one_may_open(client_of, alice, ada):
    assert "System health" in found(client_of(ada), "health")
    assert "System health" not in found(client_of(alice), "health")


def test_the_palette_forgets_at_once_what_one_may_see_no_more(client_of, alice, olga):
    rule = rule_of(alice, rule_name="Secret")
    client = client_of(olga)
    assert found(client, "secret") == ["Secret"]
    olga.groups.clear()
    assert found(client, "secret") == []
    rule.delete()
    assert found(client_of(alice), "secret") == []


@pytest.mark.parametrize("term", ["%", "x\0x", "<script>", "a" * 500, "'; --"])
def test_any_term_may_be_searched_for(client_of, alice, term):
    assert found(client_of(alice), term) == []


def test_the_palette_is_on_the_pages_of_everybody(client_of, alice):
    assert 'id="search-input-command"' in client_of(alice).get("/").content.decode()


# -- errors ----------------------------------------------------------------------------------------


def test_an_address_that_is_none(client_of, alice):
    signed_in, nobody = client_of(alice).get("/nowhere/"), Client().get("/nowhere/")
    assert (signed_in.status_code, nobody.status_code) == (404, 404)
    assert "Open the overview" in signed_in.content.decode()
    assert 'href="/rules/"' in signed_in.content.decode()
    assert 'href="/login/"' in nobody.content.decode()
    assert 'href="/rules/"' not in nobody.content.decode()


def test_what_one_may_not_do(client_of, alice):
    page = client_of(alice).get("/people/")
    assert page.status_code == 403
    assert "Ask an administrator" in page.content.decode()


def test_a_form_that_is_too_old(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    page = client.post("/profile/", {"full_name": "A"})
    assert page.status_code == 403
    assert "This form has expired" in page.content.decode()


def test_a_request_for_another_host_is_refused_plainly(db):
    page = Client().get("/", headers={"host": "evil.example"})
    assert page.status_code == 400
    assert "Invalid request" in page.content.decode()


def test_what_breaks_is_said_without_the_database(client_of, alice, monkeypatch):
    def breaks(*_):
        raise ZeroDivisionError

    client = client_of(alice)
    client.raise_request_exception = False
    monkeypatch.setattr("smartagent.dashboard.overview._last_run", breaks)
    page = client.get("/", headers={"X-Request-ID": "proxy-0a1b2c3d"})
    assert page.status_code == 500
    assert "A server error occurred" in page.content.decode()
    assert "request ID <code>proxy-0a1b2c3d</code>" in page.content.decode()
    assert "ZeroDivisionError" not in page.content.decode()


# -- our own ---------------------------------------------------------------------------------------


def test_the_shell_is_ours_and_asks_no_other_host(client_of, alice):
    page = client_of(alice).get("/").content.decode()
    assert "smartagent/icon.svg" in page
    assert "View site" not in page
    assert 'class="skip-link" href="#content"' in page
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)
