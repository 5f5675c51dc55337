"""API tokens: everybody's own; made, shown once, revoked."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from smartagent.accounts.tokens import digest, issue_token
from smartagent.models import APIToken
from tests.conftest import person

LIST = "admin:smartagent_apitoken_changelist"
ADD = "admin:smartagent_apitoken_add"
DELETE = "admin:smartagent_apitoken_delete"


def filled(**more):
    return {"name": "build server", "scopes": ["read"], "expires_at_0": "", "expires_at_1": ""} | more


def listed(client):
    return {token.name for token in client.get(reverse(LIST)).context["cl"].result_list}


@pytest.mark.parametrize("role", ["members", "operators", "auditors", "administrators"])
def test_everybody_makes_a_token_that_opens_the_api_and_is_shown_once(client_of, db, role):
    carol = person("Carol", role)
    client = client_of(carol)
    shown = client.post(reverse(ADD), filled())
    token = re.search(r"sa_[\w-]{40,}", shown.content.decode()).group()
    assert "no-store" in shown.headers["Cache-Control"]
    kept = APIToken.objects.get()
    assert kept.scopes == ["read"]
    assert (kept.user, kept.digest) == (carol, digest(token))
    assert token.startswith(kept.prefix)
    assert token not in client.get(reverse(LIST)).content.decode()
    answer = Client().get("/api/me/", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["email"] == carol.email


def test_tokens_are_ones_own_whatever_else_one_sees_except_to_administrators(client_of, alice, bob, olga, audra):
    token, _ = issue_token(alice, "hers", None)
    for other in (bob, olga, audra):
        client = client_of(other)
        assert listed(client) == set()
        assert client.post(reverse(DELETE, args=[token.pk]), {"post": "yes"}).status_code == 404
    assert listed(client_of(alice)) == {"hers"}
    assert listed(client_of(person("Adam", "administrators"))) == {"hers"}
    assert APIToken.objects.exists()


def test_revoking_asks_first(client_of, alice):
    kept, token = issue_token(alice, "old", None)
    client, address = client_of(alice), reverse(DELETE, args=[kept.pk])
    assert address in client.get(reverse(LIST)).content.decode()
    assert client.get(address).status_code == 200
    assert APIToken.objects.exists()
    assert "” revoked." in client.post(address, {"post": "yes"}, follow=True).content.decode()
    assert Client().get("/api/me/", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_expired_token_is_marked_and_none_is_made_that_is_over(client_of, alice):
    issue_token(alice, "old", timezone.now() - timedelta(days=1))
    client = client_of(alice)
    assert ">expired " in client.get(reverse(LIST)).content.decode()
    refused = client.post(reverse(ADD), filled(expires_at_0="2020-01-01", expires_at_1="10:00:00"))
    assert "This time is in the past." in refused.content.decode()
    assert APIToken.objects.count() == 1
