"""The list of people: administrators add, change and deactivate them."""

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from smartagent.models import User
from tests.conftest import PASSWORD, person

LIST = "admin:smartagent_user_changelist"
ADD = "admin:smartagent_user_add"
CHANGE = "admin:smartagent_user_change"


@pytest.fixture
def adam(db):
    return person("Adam", "administrators")


def filled(**more):
    members = Group.objects.get(name="members").pk
    fields = {"email": "Carol@Example.com", "full_name": "Carol", "time_zone": "UTC", "groups": [members]}
    return fields | {"password": ""} | more


def test_members_do_not_see_the_list_and_others_only_read_it(client_of, alice, olga, audra, adam):
    assert client_of(alice).get(reverse(LIST)).status_code == 403
    for reader in (olga, audra):
        client = client_of(reader)
        assert client.get(reverse(LIST)).status_code == 200
        assert client.get(reverse(ADD)).status_code == 403
        address = reverse(CHANGE, args=[alice.pk])
        assert 'name="_save"' not in client.get(address).content.decode()
        assert client.post(address, filled()).status_code == 403
    assert client_of(adam).get(reverse(LIST)).status_code == 200


def test_people_are_searched_and_filtered(client_of, adam, alice, bob):
    def names(**requested):
        return {str(one) for one in client_of(adam).get(reverse(LIST), requested).context["cl"].result_list}

    User.objects.filter(pk=bob.pk).update(is_active=False, is_staff=True)
    members = Group.objects.get(name="members").pk
    assert names(q="alice@") == {"Alice"}
    assert names(groups__id__exact=members) == {"Alice", "Bob"}
    assert names(is_active__exact=0) == {"Bob"}
    assert names(is_staff__exact=1) == {"Bob"}


def test_a_new_person_is_a_member_and_gets_a_password_that_is_shown_once(client_of, adam):
    client = client_of(adam)
    shown = client.post(reverse(ADD), filled(groups=[]))
    assert "no-store" in shown.headers["Cache-Control"]
    password = re.search(r'id="secret" readonly value="([^"]+)"', shown.content.decode()).group(1)
    carol = User.objects.get(email="carol@example.com")
    assert {group.name for group in carol.groups.all()} == {"members"}
    assert Client().login(username="carol@example.com", password=password)


def test_a_new_auditor_is_no_member(client_of, adam):
    form = client_of(adam).get(reverse(ADD)).context["adminform"].form
    assert not form["groups"].value()
    client_of(adam).post(reverse(ADD), filled(groups=[Group.objects.get(name="auditors").pk]))
    carol = User.objects.get(email="carol@example.com")
    assert [group.name for group in carol.groups.all()] == ["auditors"]
    assert client_of(carol).get(reverse("admin:rules_automationrule_add")).status_code == 403


def test_a_given_password_is_checked_and_kept(client_of, adam):
    client = client_of(adam)
    assert "too common" in client.post(reverse(ADD), filled(password="password")).content.decode()
    assert not User.objects.filter(email="carol@example.com").exists()
    client.post(reverse(ADD), filled(password=PASSWORD))
    assert Client().login(username="carol@example.com", password=PASSWORD)


def test_nobody_signs_in_by_the_e_mail_of_another(client_of, adam, alice):
    twice = client_of(adam).post(reverse(ADD), filled(email="ALICE@example.com"))
    assert "An account with this e-mail address already exists." in twice.content.decode()


def test_an_administrator_changes_a_person_but_no_superuser(client_of, adam, alice, ada):
    client = client_of(adam)
    operators = Group.objects.get(name="operators").pk
    client.post(reverse(CHANGE, args=[alice.pk]), filled(email=alice.email, groups=[operators], is_active="on"))
    alice.refresh_from_db()
    assert (alice.full_name, alice.groups.get().name) == ("Carol", "operators")
    assert client.post(reverse(CHANGE, args=[ada.pk]), filled()).status_code == 403
    assert client.post(reverse("admin:auth_user_password_change", args=[ada.pk])).status_code == 403
    client.post(reverse(CHANGE, args=[alice.pk]), filled(email=alice.email, is_active="on", is_superuser="on"))
    alice.refresh_from_db()
    assert not alice.is_superuser


def test_an_administrator_sets_a_password(client_of, adam, alice):
    fields = {"password1": "another good battery", "password2": "another good battery"}
    client_of(adam).post(reverse("admin:auth_user_password_change", args=[alice.pk]), fields)
    assert Client().login(username=alice.email, password="another good battery")


def test_people_are_deactivated_but_not_oneself_and_never_deleted(client_of, adam, alice, ada):
    client = client_of(adam)
    picked = {"action": "deactivate", "_selected_action": [adam.pk, alice.pk, ada.pk], "index": 0}
    assert "1 person deactivated." in client.post(reverse(LIST), picked, follow=True).content.decode()
    assert {str(one) for one in User.objects.filter(is_active=True)} == {"Adam", "Ada"}
    client.post(reverse(LIST), picked | {"action": "activate"})
    assert not User.objects.filter(is_active=False).exists()
    own = client.post(reverse(CHANGE, args=[adam.pk]), filled(email=adam.email))
    assert "cannot deactivate or demote yourself" in own.content.decode()
    assert client.post(reverse("admin:smartagent_user_delete", args=[alice.pk])).status_code == 403
