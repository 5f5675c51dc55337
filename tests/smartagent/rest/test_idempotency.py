"""A POST that is repeated with its key is done once, whatever it does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rules.models import AutomationRule, DispatchRun
from smartagent.models import IdempotencyKey
from smartagent.rest import idempotency
from tests.api import Program
from tests.notifications.outside import channel_of
from tests.rules.api.test_api_samples_at_once import at_once
from tests.smartagent.rest.test_openapi import schema

RULE = {"rule_name": "Low", "metric_type": "cpu", "condition_operator": "<", "threshold_value": 5, "action_type": "log"}


def post(person, address, body, key="k"):
    return Program(person).client.post(f"/api/{address}", body, "application/json", headers={"Idempotency-Key": key})


def test_a_rule_is_created_once(alice, bob):
    assert post(alice, "rules/", RULE | {"threshold_value": "?"}).status_code == 400  # and the key is free again
    first, again = post(alice, "rules/", RULE), post(alice, "rules/", RULE)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first["ETag"], "Idempotent-Replayed" in first) == (again["ETag"], False)
    assert again["Idempotent-Replayed"] == "true"
    refused = post(alice, "rules/", RULE | {"threshold_value": 6})
    assert (refused.status_code, refused.json()) == (422, {"detail": [idempotency.KeyReused.__doc__]})
    assert post(alice, f"rules/{first.json()['id']}/pause/", None).status_code == 422
    assert post(alice, "rules/", RULE, "k2").json()["id"] != first.json()["id"]
    assert post(bob, "rules/", RULE).json()["user"] == str(bob.pk)
    assert AutomationRule.objects.count() == 3


def test_what_commits_in_steps_is_done_once(alice):
    first, again = post(alice, "dispatch/", {}), post(alice, "dispatch/", {})
    assert first.json() == again.json()
    assert DispatchRun.objects.count() == 1
    assert post(alice, "dispatch/", {"rule": "00000000-0000-0000-0000-000000000000"}, "x").status_code == 404
    assert IdempotencyKey.objects.count() == 1


def test_while_the_first_one_runs_the_second_waits(alice, monkeypatch):
    post(alice, "dispatch/", {})
    IdempotencyKey.objects.update(status_code=None)
    monkeypatch.setattr(idempotency, "MAX_SECONDS_WAITED", 0.2)
    running = post(alice, "dispatch/", {})
    assert (running.status_code, running["Retry-After"]) == (409, "10")
    assert running.json() == {"detail": [idempotency.StillRunning.__doc__]}
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(minutes=11))  # its process is gone
    assert post(alice, "dispatch/", {}).status_code == 200
    assert DispatchRun.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_time_are_done_once(transactional_db, alice):
    found = at_once(lambda: post(alice, "dispatch/", {}).json()["id"])
    assert len(found) == 4
    assert len(set(found)) == DispatchRun.objects.count() == 1


def test_an_answer_with_a_secret_is_not_kept(alice):
    channel = channel_of(alice, kind="webhook", url="https://example.com/")
    made, again = (post(alice, f"channels/{channel.pk}/new-key/", None) for _ in range(2))
    assert made.json()["secret"].startswith("whsec_")
    assert (again.status_code, again.json()) == (409, {"detail": [idempotency.NOT_KEPT]})
    kept = IdempotencyKey.objects.get()
    assert made.json()["secret"] not in f"{kept.answer} {kept.headers} {kept.fingerprint}"


def test_every_post_takes_a_key_except_those_of_other_protocols():
    posts = [one.ok() for one in schema.get_all_operations() if one.ok().method.upper() == "POST"]
    without = {each.path for each in posts if "Idempotency-Key" not in {one.name for one in each.headers}}
    assert len(posts) > 40
    assert without == {"/api/v1/write", "/api/v1/alertmanager", "/api/v2/write"}
