"""No list, page, search or form tells a member of a person whom they may not see: it answers as for one who is not."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import uuid4

import pytest
import time_machine
from django.contrib import admin
from django.db.models import Case, When
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Delivery, EscalationPolicy, Notification
from optimizer.models import OptimizationEvent
from rules.models import AutomationRule, DispatchRun, Integration, RuleState, Silence
from smartagent.api_urls import router
from smartagent.kernel.scope import leads_to_person, people_visible_to
from smartagent.models import User
from smartagent.rest.filter_fields import PersonFilter
from smartagent.shell.filtered_list import FilteredAdmin
from smartagent.shell.site import slug_of
from tests.conftest import person
from tests.examples import TIMES
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import entry_of, rule_of, run_at, state_of

ABSENT = ("nobody.zqx@absent.example", "zqx", str(uuid4()))
LISTS = [prefix for prefix, view, _ in router.registry if getattr(view, "filterset_class", None)]
# What differs from one answer to the next, whatever was asked for.
NOISE = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|csrf\w*":\s*"\w+"|_changelist_filters=[^"]*'
    r"|\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\d"
)


@pytest.fixture
def secret(alice: User) -> User:
    """An operator, who takes part in what Alice sees: her silence, her alert, her proposal."""
    olga = person("Xandra", "operators", time_zone="UTC")
    User.objects.filter(pk=olga.pk).update(email="xandra.quill@hidden.example", full_name="Xandra Quill")
    now, hour = timezone.now(), timedelta(hours=1)
    own, foreign = rule_of(alice), rule_of(olga, rule_name="CPU", applies_to="everyone")
    state_of(own, now, assignee=olga, handled_by=olga)
    entry_of(own, now)
    run_at(now)
    DispatchRun.objects.update(requested_by=olga)
    Silence.objects.create(created_by=olga, comment="Upgrade", starts_at=now - hour, ends_at=now + hour)
    Silence.objects.create(created_by=alice, comment="Mine", starts_at=now - hour, ends_at=now + hour, user=alice)
    Notification.objects.create(user=alice, rule=foreign, type="alert", title="One", message="m", severity="high")
    OptimizationEvent.objects.create(
        user=alice, rule=foreign, source_event_type="smart_agent_cpu", optimization_action="manual", strategy="general",
        approved_by=olga, decided_by=olga, requested_by=olga,
    )  # fmt: skip
    Delivery.objects.create(user=alice, rule=foreign, title="One", expires_at=now + hour)
    channel_of(alice, "email", to="alice@example.com")
    Integration.objects.create(user=alice, integration_type="slack")
    EscalationPolicy.objects.create(user=alice, name="Nights", steps=[])
    olga.refresh_from_db()
    return olga


def probes(secret: User) -> list[tuple[str, str]]:
    """Ways to name her, each with one like it that names nobody."""
    email, part, key = ABSENT
    return [(secret.email.upper(), email.upper()), (str(secret.pk), key), ("xandra", part), ("@hidden", f"@{part}")]


def in_turns(probed: list[tuple[str, str]], number: int) -> list[tuple[str, str]]:
    """Two of them, others for the next number; all where somebody has the time."""
    return probed if TIMES > 1 else probed[number % 2 :: 2]


def seen(client: Client, address: str, probe: str, **sent: Any) -> tuple[int, str]:
    """The answer without what was asked for, what is never the same, and her name, which stands by what she did."""
    answer = client.post(address, **sent) if sent else client.get(address)
    text = answer.content.decode()
    for form in {probe, quote(probe), quote(probe, safe=""), quote_plus(probe), probe.lower()}:
        text = text.replace(form, "…") if len(form) > 2 else text
    return answer.status_code, NOISE.sub("", text.replace("Xandra Quill", "…"))


@pytest.fixture
def member(alice: User, client_of: Any) -> Iterator[Client]:
    """Her client, while the time stands still: a page says how long ago something was."""
    with time_machine.travel(timezone.now(), tick=False):
        yield client_of(alice)


def assert_same(client: Client, address: str, *probed: tuple[str, str]) -> None:
    """Each who is there is answered for as one who is not; of those, an id and a text are asked for once each."""
    nobody: dict[bool, tuple[int, str]] = {}
    for found, absent in probed:
        is_id = absent == ABSENT[2]
        if is_id not in nobody:
            nobody[is_id] = seen(client, address.format(quote(absent, safe="")), absent)
        status, text = seen(client, address.format(quote(found, safe="")), found)
        differing = set(text.splitlines()) ^ set(nobody[is_id][1].splitlines())
        assert (status, differing) == (nobody[is_id][0], set()), (address, found)


def person_filters(filterset: Any) -> list[str]:
    """What may name a person: every filter that is a text."""
    return [name for name, each in filterset.base_filters.items() if not each.extra.get("choices")]


@pytest.mark.parametrize("prefix", LISTS)
def test_by_rest_no_filter_tells_of_a_person(member: Client, secret: User, prefix: str) -> None:
    view = next(view for name, view, _ in router.registry if name == prefix)
    for number, name in enumerate(person_filters(view.filterset_class)):
        assert_same(member, f"/api/{prefix}/?{name}={{}}", *in_turns(probes(secret), number))


def test_by_rest_nothing_is_ordered_by_a_person() -> None:
    for prefix, view, _ in router.registry:
        model, orders = view.queryset.model, getattr(view, "ordering_fields", ())
        assert not [name for name in orders if leads_to_person(model, name)], prefix


LIST_PAGES = [each for each in admin.site._registry.values() if isinstance(each, FilteredAdmin)]


@pytest.mark.parametrize("page", LIST_PAGES, ids=slug_of)
def test_no_filter_or_search_of_a_list_tells_of_a_person(member: Client, secret: User, page: FilteredAdmin) -> None:
    people = [name for name, each in page.filterset_class.base_filters.items() if isinstance(each, PersonFilter)]
    for number, name in enumerate([*people, "q", "user__email__startswith", "assignee__email"]):
        assert_same(member, f"/{slug_of(page)}/?{name}={{}}", *in_turns(probes(secret), number))


def test_no_list_is_in_the_order_of_people_for_who_may_not_see_them(alice: User, client_of: Any) -> None:
    early, late = person("Aaron", "operators"), person("Zoe", "operators")
    rule = rule_of(alice)
    for target, who in (("b", late), ("a", early), ("c", late), ("d", early)):
        state_of(rule, timezone.now(), target=target, assignee=who)

    firing = reverse("admin:rules_rulestate_changelist")

    def orders(client: Client) -> list[list[str]]:
        columns = range(len(client.get(f"{firing}?condition=").context["cl"].list_display))
        answers = [client.get(f"{firing}?condition=&o={sign}{column}") for column in columns for sign in ("", "-")]
        return [[state.target for state in answer.context["cl"].result_list] for answer in answers]

    before = orders(client_of(alice))
    RuleState.objects.update(assignee=Case(When(assignee=early, then=late.pk), default=early.pk))
    assert orders(client_of(alice)) == before


def test_the_palette_and_the_other_pages_tell_of_nobody(member: Client, secret: User) -> None:
    for address in ("/search/?s={}", "/preferences/?person={}", "/rules/add/?user={}", "/silences/add/?person={}"):
        assert_same(member, address, *probes(secret))
    complete = reverse("admin:autocomplete") + "?app_label=rules&model_name=automationrule&field_name=user&term={}"
    assert_same(member, complete, (secret.email, ABSENT[0]))


def test_what_takes_a_person_by_rest_answers_alike(member: Client, alice: User, secret: User) -> None:
    state = AutomationRule.objects.get(user=alice).states.get()
    rule = {
        "rule_name": "CPU", "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
        "action_type": "alert", "severity": "high",
    }  # fmt: skip
    now = timezone.now()
    silence = {"comment": "x", "starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
    sample = {"metric": "cpu", "value": 1, "observed_at": now.isoformat()}
    file = {"rules": [{"name": "CPU", "metric": "cpu", "operator": ">", "threshold": 90, "action": "log"}]}
    for found, absent in probes(secret):
        answers = []
        for who in (found, absent):
            bodies = [
                ("rules/", rule | {"user": who}),
                ("rules/", rule | {"action_config": {"recipients": [who]}}),
                ("rules/", rule | {"action_config": {"recipients": [f"channel:{who}/Pager"]}}),
                ("rules/trial/", rule | {"person": who}),
                ("silences/", silence | {"person": who}),
                ("silences/", silence | {"user": who}),
                ("silences/preview/", silence | {"person": who}),
                (f"states/{state.pk}/assign/", {"person": who}),
                ("samples/", {"samples": [sample | {"user": who}]}),
                ("rules/apply/", {"document": file, "owner": who, "dry_run": True}),
                ("rules/apply/", {"document": {"rules": [file["rules"][0] | {"owner": who}]}, "dry_run": True}),
                ("channels/", {"name": "n", "kind": "email", "config": {"to": "a@b.example"}, "user": who}),
                ("integrations/", {"integration_type": "gmail", "user": who}),
                ("optimizations/", {"metric": "cpu", "operator": ">", "threshold": 1, "user": who}),
                ("escalation-policies/", {"name": "P", "steps": [{"after": "15m", "to": [who]}]}),
            ]
            answers.append([
                (address, *seen(member, f"/api/{address}", who, data=json.dumps(body), content_type="application/json"))
                for address, body in bodies
            ])  # fmt: skip
        for one, other in zip(*answers, strict=True):
            assert one == other, found
    for address in (f"rules/{state.rule_id}/why/?person={{}}", "metrics/cpu/reading/?user={}"):
        assert_same(member, f"/api/{address}", *probes(secret))


def test_whom_one_may_see(alice: User, olga: User, audra: User, ada: User) -> None:
    assert list(people_visible_to(alice)) == [alice]
    assert {len(people_visible_to(each)) for each in (olga, audra, ada)} == {4}
