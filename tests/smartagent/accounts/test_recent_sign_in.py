"""Secrets, tokens, roles and “stop everything” need a recent sign-in, whatever the way to them."""

import base64
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import get_resolver
from django.utils import timezone
from time_machine import travel

from notifications.models import Channel
from rules.models import DataSource, Integration
from smartagent.accounts.recent_sign_in import (
    BUTTONS,
    FORMS,
    FORMS_WITH_SECRETS,
    REQUESTS,
    REQUESTS_WITH_SECRETS,
    UNDO_BUTTON,
    UNDO_REQUEST,
)
from smartagent.accounts.tokens import issue_token
from smartagent.models import ServiceAccount
from tests.conftest import PASSWORD

JSON = {"content_type": "application/json"}
KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
LATER = timedelta(minutes=20)
# Routes about people, roles, tokens and what holds secrets that need no recent sign-in.
LEFT_OUT = {
    # They read.
    "admin:person", "admin:rules_datasource_page", "admin:integration",
    "admin:notifications_channel_page", "admin:notifications_channel_add",
    *(f"admin:{app}_{model}_history" for app, model in (
        ("smartagent", "user"), ("smartagent", "serviceaccount"), ("smartagent", "apitoken"), ("rules", "datasource"),
        ("rules", "integration"), ("notifications", "channel"))),
    "admin:smartagent_serviceaccount_changelist",
    "channel-kinds", "admin:configuration_changes", "configurationchange-list", "configurationchange-detail",
    "legacy-get_integration_error_count", "admin:notifications_channel_preferences",
    "admin:optimizer_policy",  # stops and releases nothing
    "token-current", "token-rotate-current",  # of the token of the request: a session has none
    # They ask the server, the integration or the channel as it is set up.
    "admin:rules_datasource_test", "datasource-test", "admin:integration_check", "admin:notifications_channel_test",
    "channel-test", "admin:notifications_channel_close", "channel-close-breaker",
    # They delete what holds a secret; nobody learns it, and nothing goes elsewhere.
    "admin:notifications_channel_changelist", "admin:notifications_channel_delete",
    "admin:rules_integration_changelist", "admin:rules_integration_delete",
    # Nobody may.
    "admin:smartagent_user_delete", "admin:smartagent_serviceaccount_delete", "admin:smartagent_apitoken_change",
    "admin:rules_datasource_change",  # leads to the page
    "admin:notifications_channel_change",  # leads to the page
    # The present password, or a link from the mailbox, is asked for.
    "admin:password_change", "admin:password_change_done", "admin_password_reset", "password_reset_done",
    "password_reset_confirm", "password_reset_complete",
}  # fmt: skip
ABOUT = re.compile(
    r"user|person|people|group|token|serviceaccount|datasource|integration|channel|password|optimizer.(stop|release|policy)|configuration.?change"
)


@pytest.fixture
def things(ada):
    """One of each, by what its routes are named after."""
    source = DataSource.objects.create(name="prom", address="http://127.0.0.1:9", authentication="none")
    account = ServiceAccount(full_name="Grafana", owner=ada)
    account.become_service_account()
    account.save()
    return {
        "datasource": source.pk, "integration": Integration.objects.create(user=ada, integration_type="slack").pk,
        "channel": Channel.objects.create(user=ada, kind="webhook", name="ops", config={"url": "https://a.example"}).pk,
        "apitoken": issue_token(ada, "one")[0].pk, "token": issue_token(ada, "two")[0].pk,
        "user": ada.pk, "person": ada.pk, "serviceaccount": account.pk,
        "audit_accept": 1, "revoke": ada.pk, "group": Group.objects.create(name="on-call").pk,
    }  # fmt: skip


def routes():
    """The name of each route of pages and of the API, and its address with %(placeholders)s."""
    top = get_resolver()
    for prefix, names in [("", top), *((f"{name}:", each) for name, (_, each) in top.namespace_dict.items())]:
        for name in names.reverse_dict:
            if isinstance(name, str):
                begin = top.namespace_dict[prefix[:-1]][0] if prefix else ""
                for possibilities, *_ in names.reverse_dict.getlist(name):
                    for route, parameters in possibilities:
                        yield prefix + name, f"/{begin}{route}", parameters


def addresses(names, things):
    """An address of each route with these names."""
    for name, route, parameters in routes():
        if name.removeprefix("api:") not in names and name not in names:
            continue
        about = next((key for word in things for key in [word] if word in name), "")
        yield name, route % {each: "webhook" if each == "kind" else things.get(about) for each in parameters}


def test_each_place_asks_for_it(ada, things, client_of):
    client = client_of(ada)
    seen = set()
    with travel(timezone.now() + LATER):
        for name, address in addresses(FORMS, things):
            seen.add(name)
            for answer in (client.get(address), client.post(address)):
                assert answer.get("Location", "").startswith("/confirm/?next="), (name, answer)
        for name, address in addresses(BUTTONS, things):
            seen.add(name)
            assert client.post(address).get("Location", "").startswith("/confirm/?next="), name
        for name, address in addresses(REQUESTS, things):
            seen.add(name.removeprefix("api:"))
            for call in (client.post, client.put, client.patch, client.delete):
                assert call(address, {}, **JSON).status_code == 403, (name, call)
    assert seen == FORMS | BUTTONS.keys() | REQUESTS


def test_no_route_is_forgotten():
    named = {name.removeprefix("api:") for name, *_ in routes() if ABOUT.search(name)}
    forms, requests = FORMS | FORMS_WITH_SECRETS, REQUESTS | REQUESTS_WITH_SECRETS
    listed = forms | BUTTONS.keys() | requests | {UNDO_BUTTON, UNDO_REQUEST}
    assert named - listed == LEFT_OUT


def test_secrets_of_channels_and_integrations(ada, things, client_of):
    client, key = client_of(ada), things["channel"]
    form, plain = f"/channels/{key}/edit/", {"name": "operations", "position": 0, "url": "https://a.example"}
    by_form = {"integration_type": "slack", "status": "active", "config": "{}", "user": str(ada.pk)}
    integration = f"/integrations/{things['integration']}/change/"
    with travel(timezone.now() + LATER):
        page = client.get(form).content.decode()
        assert "confirm that it is you" in page
        assert f"/confirm/?next=%2Fchannels%2F{key}%2Fedit%2F" in page
        assert client.post(form, plain).status_code == 302  # no secret is concerned
        for secret in ({"key": KEY}, {"make_key": "on"}, {"remove_key": "on", "key": "k"}):
            refused = client.post(form, plain | secret)
            assert (refused.status_code, "confirm that it is you" in refused.content.decode()) == (200, True)
        assert client.get("/channels/add/slack/")["Location"].startswith("/confirm/?next=")
        assert client.get("/channels/add/webhook/").status_code == 200
        assert Channel.objects.get(pk=key).sealed == ""
        api = f"/api/v1/channels/{key}/"
        assert client.patch(api, {"name": "ops"}, **JSON).status_code == 200
        refused = client.patch(api, {"settings": {"key": KEY}}, **JSON)
        assert (refused.status_code, "recent sign-in" in refused.json()["detail"][0]) == (403, True)
        refused = client.post("/api/channels/", {"kind": "slack", "name": "x", "settings": {"url": "x"}}, **JSON)
        assert refused.status_code == 403
        assert 'name="credentials"' in client.get(integration).content.decode()
        assert client.post(integration, by_form).status_code == 302
        refused = client.post(integration, by_form | {"credentials": '{"token": "x"}'}).content.decode()
        assert "confirm that it is you" in refused
        api = f"/api/integrations/{things['integration']}/"
        assert client.patch(api, {"credentials": {"token": "x"}}, **JSON).status_code == 403
        assert client.patch(api, {"credentials": None}, **JSON).status_code == 403
        assert client.patch(api, {"status": "error"}, **JSON).status_code == 200
        assert Integration.objects.get(pk=things["integration"]).credentials_encrypted is None
        client.post("/confirm/", {"password": PASSWORD})
        assert "confirm that it is you" not in client.get(form).content.decode()
    with travel(timezone.now() + LATER * 2):  # the form was opened in time, that of the integration was not
        assert client.post(form, plain | {"key": KEY}).status_code == 302
        assert client.post(integration, by_form | {"credentials": '{"token": "x"}'}).status_code == 200
        token = issue_token(ada, "program")[1]
        by_token = {"headers": {"Authorization": f"Bearer {token}"}, **JSON}
        assert client.patch(api, {"credentials": {"token": "x"}}, **by_token).status_code == 200
