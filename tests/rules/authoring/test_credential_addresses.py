"""Where stored credentials are sent is changed only together with the credentials."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from rules.authoring.credential_addresses import ADDRESSES
from rules.models import Integration
from smartagent.kernel.sealing import seal, unseal
from smartagent.models import User
from tests.api import Program

SECRET = {"refresh_token": "very-secret"}
OLD, NEW = "https://idp.example/token", "https://evil.example/token"
PAGE = "admin:rules_integration_change"


@pytest.fixture
def gmail(alice: User) -> Integration:
    return Integration.objects.create(
        user=alice, integration_type="gmail", status="active", config=dict.fromkeys(ADDRESSES, OLD),
        credentials_encrypted=seal(SECRET),
    )  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("method", ["patch", "put"])
def test_by_rest_the_credentials_are_entered_again(alice: User, gmail: Integration, name: str, method: str) -> None:
    program, path = Program(alice), f"integrations/{gmail.pk}/"
    given = {"integration_type": "gmail", "status": "active", "config": gmail.config | {name: NEW}}
    refused = getattr(program, method)(path, given, status=400)
    assert name in refused["config"][0]
    assert "Enter the credentials again" in refused["config"][0]
    gmail.refresh_from_db()
    assert gmail.config[name] == OLD
    getattr(program, method)(path, given | {"credentials": {"a": "b"}})
    gmail.refresh_from_db()
    assert (gmail.config[name], unseal(gmail.credentials_encrypted or "")) == (NEW, {"a": "b"})


def test_an_address_that_goes_or_comes_is_a_change_and_other_settings_are_none(alice: User, gmail: Integration) -> None:
    program, path = Program(alice), f"integrations/{gmail.pk}/"
    program.patch(path, {"config": {}}, status=400)
    program.patch(path, {"config": None}, status=400)
    program.patch(path, {"config": gmail.config | {"channel": "#ops"}})
    program.patch(path, {"config": {}, "credentials": None})
    program.patch(path, {"config": {"token_url": NEW}})


def form(client: Client, integration: Integration, **given: object) -> str:
    data = {"integration_type": "gmail", "status": "active", "config": json.dumps(integration.config)}
    answer = client.post(reverse(PAGE, args=[integration.pk]), data | given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_by_the_form_the_credentials_are_entered_again(client: Client, alice: User, gmail: Integration) -> None:
    client.force_login(alice)
    assert "very-secret" not in client.get(reverse(PAGE, args=[gmail.pk])).content.decode()
    moved = json.dumps(gmail.config | {"token_url": NEW})
    assert "Enter the credentials again" in form(client, gmail, config=moved)
    assert "Enter credentials as a JSON object" in form(client, gmail, config=moved, credentials="[1]")
    gmail.refresh_from_db()
    assert gmail.config["token_url"] == OLD
    form(client, gmail, status="error")
    gmail.refresh_from_db()
    assert (gmail.status, unseal(gmail.credentials_encrypted or "")) == ("error", SECRET)
    form(client, gmail, config=moved, credentials='{"refresh_token": "mine"}')
    gmail.refresh_from_db()
    assert (gmail.config["token_url"], unseal(gmail.credentials_encrypted or "")) == (NEW, {"refresh_token": "mine"})


def test_by_the_form_credentials_are_removed(client: Client, alice: User, gmail: Integration) -> None:
    client.force_login(alice)
    form(client, gmail, config="{}", credentials="{}")
    gmail.refresh_from_db()
    assert (gmail.config, gmail.credentials_encrypted) == ({}, None)
