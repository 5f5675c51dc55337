"""Each operation has an example of its request and of its answer, recorded from real ones.

`RECORD_EXAMPLES=1 pytest tests/smartagent/rest/test_examples.py` records them anew.
"""

import json
import os
import re
from datetime import timedelta

import jsonschema
import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from notifications.models import Channel, Delivery
from optimizer.execution.runner import apply
from optimizer.models import OptimizationEvent
from optimizer.proposals.decisions import approve
from rules.lifecycle.recycle_bin import delete
from rules.models import AutomationRule, MetricSample, RuleState, Silence
from smartagent.accounts.tokens import issue_token
from smartagent.bench.api.objects import known_things
from smartagent.models import APIToken, User
from smartagent.rest.examples import RECORDED, contents_of, recorded
from tests.optimizer.step_cast import integration_of, interval, proposal_of
from tests.smartagent.rest.request_bodies import request_of
from tests.smartagent.rest.test_openapi import schema

DOCUMENT = schema.raw_schema
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in ("get", "post", "put", "patch", "delete")
}
OTHER_FORMATS = {  # no JSON, or not ours: each says itself what it looks like
    "activity_export", "activity_stream", "deliveries_export", "remote_write", "influx_write", "webhook_schema",
    "prometheus_rules", "prometheus_alerts", "alertmanager_receive", "people_export",
}  # fmt: skip
WITH_STEPS = ("optimizations_apply", "optimizations_approve", "optimizations_dry_run", "optimizations_roll_back")
SECRETS = re.compile(r'(sa_|whsec_|"generated_password": ")[A-Za-z0-9_+/=-]{12,}')
MAX_LISTED = 2
HASH = re.compile(r"\b[0-9a-f]{32,64}\b")
KEY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@pytest.fixture
def known(ada, now, httpserver, client_of):
    """Something of each kind, in the state in which its verbs are possible."""
    ada.full_name = "Ada"
    ada.save()
    known = known_things(ada, now)
    soon, later = timezone.now(), timezone.now() + timedelta(hours=2)
    RuleState.objects.update(condition="firing", value=63, fired_at=soon, since=soon)
    Silence.objects.update(starts_at=soon, ends_at=later)
    channel = Channel.objects.create(
        user=ada, kind="webhook", name="hook", config={"url": httpserver.url_for("/hook")}, enabled=True
    )
    Delivery.objects.update(status="dead", channel=channel, expires_at=later)
    OptimizationEvent.objects.update(source_event_type="smart_agent_x", status="proposed", strategy="general")
    APIToken.objects.update(expires_at=later)
    MetricSample.objects.push(user=ada, metric="fusion_score", value=63, observed_at=soon)
    binned = AutomationRule.objects.create(**_plain(ada, "Binned"))
    delete(AutomationRule.objects.filter(pk=binned.pk), ada, soon)
    draft = AutomationRule.objects.create(**_plain(ada, "Draft") | {"status": "draft"})
    slack = integration_of(ada, "gmail")
    steps = {
        word: str(proposal_of(ada, soon, interval(slack, minutes)).pk) for minutes, word in enumerate(WITH_STEPS, 10)
    }
    httpserver.expect_request("/hook").respond_with_data("")
    whose = User.objects.get(pk=known["people"])
    client_of(whose)  # signed in somewhere
    return known | steps | {
        "binned": str(binned.pk), "draft": str(draft.pk), "hook": str(channel.pk), "soon": soon.isoformat(),
        "session": str(whose.browser_sessions.get().public_id), "later": later.isoformat(),
        "groups": str(Group.objects.create(name="night shift").pk),
        "token": issue_token(ada, "telegraf", later, ["ingest"])[1],
    }  # fmt: skip


def _plain(person, name):
    return {
        "user": person, "rule_name": name, "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
        "action_type": "log",
    }  # fmt: skip


# Of which thing, where it is not any of its kind.
WHICH = {
    "rules_publish": "draft", "rules_undelete": "binned", "channels_new_key": "hook", "channels_test": "hook",
    "metrics_reading_get": "fusion_score",
    **{name: name for name in WITH_STEPS},
}  # fmt: skip
QUERY = {"rules_why": "?at={soon}"}


def prepare(name, known):
    """Bring the thing of an operation into the state in which that is possible."""
    if name == "states_reopen":
        RuleState.objects.update(handling="acknowledged", handled_until=known["later"])
    if name == "optimizations_roll_back":
        event = OptimizationEvent.objects.get(pk=known[name])
        approve(event, event.user, timezone.now())
        apply(event.pk, timezone.now())


def recorded_now(client, known):
    """What each operation is asked and answers; and what went wrong."""
    found, failed = {}, {}
    for name, (method, path, operation) in OPERATIONS.items():
        if name in OTHER_FORMATS:
            continue
        thing = known.get(WHICH.get(name, path.split("/")[2]), "")
        path = path.replace("{session}", known["session"])
        address = path.replace("{id}", thing).replace("{name}", "fusion_score") + QUERY.get(name, "").format(
            soon=known["soon"].replace("+", "%2B")
        )
        body = request_of(name, operation, known)
        with transaction.atomic():
            prepare(name, known)
            headers = {"Authorization": f"Bearer {known['token']}"} if "current" in path else {}
            data = json.dumps(body) if body is not None else ""
            answer = client.generic(method, address, data, "application/json", headers=headers)
            transaction.set_rollback(True)
        if answer.status_code >= 300:
            failed[name] = f"{answer.status_code} {answer.content.decode()[:300]}"
            continue
        found[name] = ({"request": body} if body is not None else {}) | (
            {"response": answer.json()} if answer.content else {}
        )
    return found, failed


def stable(recorded):
    """The examples without what is another each time, or secret."""
    text = SECRETS.sub(r"\1EXAMPLE", json.dumps(recorded)).replace("http://testserver", "https://smartagent.example")
    text = HASH.sub(lambda found: "0" * len(found[0]), text)
    keys = list(dict.fromkeys(KEY.findall(text)))
    for number, key in enumerate(keys, 1):
        text = text.replace(key, f"00000000-0000-4000-8000-{number:012d}")
    found = json.loads(text)
    return {name: example | {"response": short(example.get("response"))} if "response" in example else example
            for name, example in found.items()}  # fmt: skip


def short(value):
    """An answer with the first of what it lists."""
    if isinstance(value, list):
        return [short(each) for each in value[:MAX_LISTED]]
    return {name: short(part) for name, part in value.items()} if isinstance(value, dict) else value


def validator(part):
    return jsonschema.Draft202012Validator(part | {"components": DOCUMENT["components"]})


def test_each_operation_is_asked_and_answers_as_its_example(client_of, ada, known, no_limits):
    found, failed = recorded_now(client_of(ada), known)
    if "RECORD_EXAMPLES" in os.environ:
        RECORDED.write_text(json.dumps(stable(found), indent=1, ensure_ascii=False) + "\n")
        recorded.cache_clear()
    assert not failed, "\n".join(f"{name}: {problem}" for name, problem in failed.items())
    for name, example in found.items():
        kept = recorded()[name]
        assert kept.keys() == example.keys(), name
        assert shape(kept.get("response")) == shape(example.get("response")), name


def shape(value):
    """The names at the top of an answer, and of the rows in it."""
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    if not isinstance(value, dict):
        return None
    return {name: shape(part) if name == "results" else None for name, part in value.items()}


def test_each_operation_has_an_example_that_keeps_to_the_schema():
    missing, wrong = [], {}
    for name, (_, _, operation) in OPERATIONS.items():
        for part, content in contents_of(operation).items():
            examples = [each["value"] for each in content.get("examples", {}).values()]
            examples += [content["example"]] if "example" in content else []
            if not examples and name not in OTHER_FORMATS:
                missing.append((name, part))
            for example in examples:
                problems = [error.message[:200] for error in validator(content["schema"]).iter_errors(example)]
                if problems and name not in OTHER_FORMATS:
                    wrong[name, part] = problems
    assert not missing
    assert not wrong


def test_webhooks_are_described_with_an_example():
    (hook,) = (each["post"] for each in DOCUMENT["webhooks"].values())
    content = hook["requestBody"]["content"]["application/json"]
    validator(content["schema"]).validate(content["example"])
    assert {each["name"] for each in hook["parameters"]} == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_the_ids_of_operations_are_names_of_methods():
    assert {"rules_list", "rules_create", "rules_replace", "silences_end", "samples_push"} <= OPERATIONS.keys()
    count = sum(len([m for m in each if m != "parameters"]) for each in DOCUMENT["paths"].values())
    assert len(OPERATIONS) == count  # each has one of its own
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in OPERATIONS)
