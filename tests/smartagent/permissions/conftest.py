"""Something of each kind of Alice, of Bob and of a service account, and everybody who may call for it."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.template.backends.django import Template
from drf_spectacular.generators import SchemaGenerator

from rules.lifecycle.recycle_bin import delete
from rules.models import ActivityEntry, AutomationRule, MetricReceipt, RuleState, SavedView
from smartagent.bench.api.objects import known_things
from smartagent.models import ServiceAccount, User
from tests.entries import change_entries
from tests.rules.rule_cast import rule_of
from tests.smartagent.legacy_api.conftest import SECRET
from tests.smartagent.permissions.callers import Caller, cast


@pytest.fixture
def program(bob: User) -> User:
    """A service account with the role of members."""
    account = ServiceAccount.objects.create(
        email="program@example.com", full_name="Program", is_service_account=True, owner=bob
    )
    account.groups.set([Group.objects.get(name="members")])
    return User.objects.get(pk=account.pk)


@pytest.fixture
def things(alice: User, bob: User, program: User, now: datetime) -> dict[str, dict[str, str]]:
    """The ids of what is each one's, by the word of the address."""
    return {
        name: _things_of(user, now, f"_of_{name}", str(program.pk))
        for name, user in (("alice", alice), ("bob", bob), ("program", program))
    }


@pytest.fixture
def callers(
    alice: User, bob: User, olga: User, audra: User, ada: User, program: User, things: dict[str, dict[str, str]],
    settings: Any,
) -> dict[str, Caller]:  # fmt: skip
    settings.LEGACY_JWT_SECRET = SECRET
    return cast(alice, ada, olga, audra, program, things, bob)


@pytest.fixture
def only_permissions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Who may open a page is known before it is rendered; the description of the API is long, and so is the log."""
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *args, **how: {})
    monkeypatch.setattr(Template, "render", lambda *args, **how: "")
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def _things_of(user: User, now: datetime, of: str, program: str) -> dict[str, str]:
    group = Group.objects.create(name=f"group{of}")
    user.groups.add(group)
    view = SavedView.objects.create(user=user, name="Mine")
    receipt = MetricReceipt.objects.create(user=user, protocol="influx", last_at=now)
    found = known_things(user, now, of) | {
        "views": str(view.pk),
        "groups": str(group.pk),
        "received-metrics": str(receipt.pk),
    }
    binned = rule_of(user, rule_name="Binned", metric_type="cpu", condition_operator=">", threshold_value=90)
    delete(AutomationRule.objects.filter(pk=binned.pk), user, now)
    RuleState.objects.filter(pk=found["states"]).update(condition="firing", value=63, fired_at=now, since=now)
    change_entries(ActivityEntry.objects.filter(pk=found["activity"]), state=found["states"])
    return found | {
        "binned": str(binned.pk),
        "people": str(user.pk), "changes": found["configuration-changes"], "firing": found["states"],
        "escalation": found["escalation-policies"], "of-rule": found["rules"],
        "service-accounts": program,
    }  # fmt: skip
