"""Bob cannot see or change what is Alice's, on any page; asked of every list there is."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.urls import reverse
from django.utils import timezone

from notifications.models import Channel, Delivery, EscalationPolicy, Notification
from optimizer.models import OptimizationEvent
from rules.models import (
    ActivityEntry,
    AutomationRule,
    DataSource,
    DispatchRun,
    Integration,
    MetricQuery,
    MetricReceipt,
    RuleState,
    Silence,
)
from smartagent.accounts.tokens import issue_token
from smartagent.models import APIToken, ServiceAccount, User
from smartagent.shell.owned_admin import OwnedAdmin
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import entry_of, rule_of, run_at, state_of

MADE: dict[type, Any] = {
    AutomationRule: lambda user, now: rule_of(user),
    RuleState: lambda user, now: state_of(rule_of(user), now),
    ActivityEntry: lambda user, now: entry_of(rule_of(user), now),
    DispatchRun: lambda user, now: run_at(now, trigger="page", requested_by=user),
    MetricReceipt: lambda user, now: MetricReceipt.objects.create(user=user, protocol="OTLP", last_at=now),
    Integration: lambda user, now: Integration.objects.create(user=user, integration_type="gmail"),
    Notification: lambda user, now: Notification.objects.create(user=user, type="alert", title="Titled", message="M"),
    OptimizationEvent: lambda user, now: OptimizationEvent.objects.create(
        user=user, source_event_type="s", optimization_action="auto"
    ),
    Silence: lambda user, now: Silence.objects.create(
        user=user, created_by=user, comment="Titled", metric="cpu", starts_at=now, ends_at=now + timedelta(hours=1)
    ),
    Channel: lambda user, now: channel_of(user, name="Titled", url="https://example.com/"),
    Delivery: lambda user, now: Delivery.objects.create(
        user=user, title="Titled", status="dead", expires_at=now + timedelta(hours=1)
    ),
    EscalationPolicy: lambda user, now: EscalationPolicy.objects.create(user=user, name="Titled", steps=[]),
    APIToken: lambda user, now: issue_token(user, "token", None)[0],
}
OF_NOBODY = {User, ServiceAccount, DataSource, MetricQuery}  # whoever may see one of a kind may see them all
VERBS = ("change", "delete", "history")


def address(model, verb, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{verb}", args=args)


def content_of(response):
    """The page, without the token of its forms and the nonce of its styles, which are others each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"', "", response.content.decode())


def everything_kept(thing):
    """The row as it stands."""
    return type(thing)._base_manager.filter(pk=thing.pk).values().get()


def test_every_list_is_scoped_and_tried_here():
    lists = {model: admin for model, admin in site._registry.items() if model not in OF_NOBODY}
    assert set(lists) == set(MADE)
    assert all(isinstance(admin, OwnedAdmin) for admin in lists.values())


@pytest.mark.parametrize("model", MADE)
def test_bob_does_not_see_alices(client_of, alice, bob, model):
    thing = MADE[model](alice, timezone.now())
    client = client_of(bob)
    assert list(client.get(address(model, "changelist")).context["cl"].result_list) == []
    for verb in VERBS:
        response = client.get(address(model, verb, thing.pk))
        assert response.status_code in (403, 404), verb
        nothing = client.get(address(model, verb, uuid.uuid4()))
        assert (response.status_code, content_of(response)) == (nothing.status_code, content_of(nothing)), verb


@pytest.mark.parametrize("model", MADE)
def test_bob_does_not_change_alices(client_of, alice, bob, model):
    thing = MADE[model](alice, timezone.now())
    before, client = everything_kept(thing), client_of(bob)
    for verb in ("change", "delete"):
        assert client.post(address(model, verb, thing.pk), {"post": "yes"}).status_code in (403, 404)
    for action in [*(site._registry[model].actions or ()), "delete_selected"]:
        picked = {"action": action, "_selected_action": [thing.pk], "index": 0, "post": "yes"}
        client.post(address(model, "changelist"), picked)
        client.post(address(model, "changelist"), picked | {"select_across": "1"})
    assert everything_kept(thing) == before


@pytest.mark.parametrize("model", MADE)
def test_an_auditor_sees_but_does_not_change_alices(client_of, alice, audra, model):
    thing = MADE[model](alice, timezone.now())
    before, client = everything_kept(thing), client_of(audra)
    rows = client.get(address(model, "changelist"), {"whose": "everyone"} if model is Notification else {})
    assert list(rows.context["cl"].result_list) == ([] if model is APIToken else [thing])
    for verb in ("change", "delete"):
        response = client.post(address(model, verb, thing.pk), {"post": "yes"}, follow=True)
        assert response.status_code in (200, 403, 404, 405), verb
    for action in [*(site._registry[model].actions or ()), "delete_selected"]:
        picked = {"action": action, "_selected_action": [thing.pk], "index": 0, "post": "yes"}
        client.post(address(model, "changelist") + "?whose=everyone", picked)
    assert everything_kept(thing) == before


def test_an_action_reaches_only_what_one_may_change(client_of, alice, audra, olga):
    """Whoever sees everyone's and may change their own changes their own."""
    audra.user_permissions.add(*alice.groups.get().permissions.filter(codename="change_automationrule"))
    own, hers = rule_of(audra), rule_of(alice)
    picked = {"action": "pause", "_selected_action": [own.pk, hers.pk], "post": "yes"}
    client_of(audra).post(address(AutomationRule, "changelist"), picked)
    assert set(AutomationRule.objects.filter(status="paused")) == {own}
    client_of(olga).post(address(AutomationRule, "changelist"), picked)
    assert AutomationRule.objects.filter(status="paused").count() == 2
