"""Webhooks: signed by Standard Webhooks, as its own library reads them, and as their schema says."""

import json

import pytest
from jsonschema import Draft202012Validator
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from notifications.channels.webhook import key_of, new_key
from notifications.channels.webhook_schema import schema
from tests.notifications.channels.written import digest, errors, message, send

OLD, NEW, OTHER = new_key(), new_key(), new_key()


@pytest.fixture
def address(httpserver: HTTPServer):
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    return httpserver.url_for("/hook")


def verified(request, key):
    return Webhook(key).verify(request.data, dict(request.headers))


def test_any_library_of_standard_webhooks_verifies_it(httpserver: HTTPServer, address):
    send("webhook", message(title="Größe"), url=address, key=NEW)
    request = httpserver.log[0][0]
    assert verified(request, NEW)["data"]["title"] == "Größe"
    assert request.headers["webhook-id"] == message().id
    with pytest.raises(WebhookVerificationError):
        verified(request, OTHER)


def test_what_was_changed_on_the_way_is_not_verified(httpserver: HTTPServer, address):
    send("webhook", message(), url=address, key=NEW)
    request = httpserver.log[0][0]
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(request.data.replace(b"95", b"15"), dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(request.data, dict(request.headers) | {"Webhook-Id": "another"})


def test_while_keys_are_changed_both_sign(httpserver: HTTPServer, address):
    send("webhook", message(), url=address, key=NEW, old_key=OLD)
    request = httpserver.log[0][0]
    assert len(request.headers["webhook-signature"].split()) == 2
    assert verified(request, NEW) == verified(request, OLD)
    with pytest.raises(WebhookVerificationError):
        verified(request, OTHER)


def test_without_a_key_it_is_not_signed(httpserver: HTTPServer, address):
    send("webhook", message(), url=address)
    assert "webhook-signature" not in httpserver.log[0][0].headers


@pytest.mark.parametrize(
    "one", [message(), message(reason="resolved", rule="", rule_name="", thread="", facts={}), digest(12), digest(200)]
)
def test_it_is_as_its_schema_says(httpserver: HTTPServer, address, one):
    send("webhook", one, url=address)
    body = json.loads(httpserver.log[0][0].data)
    validator = Draft202012Validator(schema("https://a.example/"), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(body)] == []
    assert len(body["data"].get("notifications", ())) == len(one.items)


@pytest.mark.parametrize("path", [("type",), ("data",), ("data", "id"), ("data", "severity"), ("data", "facts")])
def test_the_schema_refuses_what_lacks_something(httpserver: HTTPServer, address, path):
    Draft202012Validator.check_schema(schema("https://a.example/"))
    send("webhook", message(), url=address)
    body = json.loads(httpserver.log[0][0].data)
    place = body if len(path) == 1 else body[path[0]]
    del place[path[-1]]
    assert not Draft202012Validator(schema("https://a.example/")).is_valid(body)


@pytest.mark.django_db
def test_the_schema_is_published(client, settings):
    settings.SITE_URL = "https://agent.example.com"
    answer = client.get("/api/webhook-schema/")
    assert answer.headers["Content-Type"] == "application/schema+json"
    assert answer.json() == schema("https://agent.example.com/api/webhook-schema/")


def test_new_keys_are_keys():
    assert len({new_key() for _ in range(50)}) == 50
    assert len(key_of(new_key())) == 32


@pytest.mark.parametrize("key", ["secret", "whsec_", "whsec_short", "whsec_!!!!", "whsec_" + "A" * 120, "QUFB" * 11])
def test_the_form_refuses_what_is_no_key(key):
    assert errors("webhook", url="https://a.example/", key=key) == {
        "key": ["A signing key is whsec_ and 24 to 64 bytes in base64."]
    }
    assert errors("webhook", url="https://a.example/", key=NEW, old_key=OLD) == {}
