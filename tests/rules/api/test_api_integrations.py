"""Integrations by REST: credentials go in and never come out."""

import json

import pytest

from rules.models import Integration
from smartagent.kernel.sealing import unseal
from tests.api import Program

SLACK = {"integration_type": "slack", "status": "active", "config": {"channel": "#ops"}}
SECRET = {"token": "xoxb-very-secret"}


def test_an_integration_is_made_read_changed_and_deleted(alice):
    program = Program(alice)
    made = program.post("integrations/", SLACK, status=201)
    assert made | SLACK == made
    assert (made["user"], made["has_credentials"]) == (str(alice.pk), False)
    changed = program.patch(f"integrations/{made['id']}/", {"status": "error", "error_message": "refused"})
    assert changed | SLACK == changed | {"status": "active"}
    assert program.put(f"integrations/{made['id']}/", changed)["status"] == "error"
    program.delete(f"integrations/{made['id']}/", status=204)
    assert program.get("integrations/")["results"] == []


def test_credentials_are_sealed_kept_and_never_returned(alice):
    program = Program(alice)
    made = program.post("integrations/", SLACK | {"credentials": SECRET}, status=201)
    kept = Integration.objects.get()
    assert "xoxb" not in kept.credentials_encrypted
    assert unseal(kept.credentials_encrypted) == SECRET
    address = f"integrations/{made['id']}/"
    for answer in (made, program.get(address), program.get("integrations/"), program.patch(address, {"config": {}})):
        assert "xoxb" not in json.dumps(answer)
        assert "credentials_encrypted" not in json.dumps(answer)
    assert program.put(address, SLACK)["has_credentials"] is True
    assert program.patch(address, {"credentials": None})["has_credentials"] is False


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_bob_gets_404_for_alices(alice, bob, method):
    slack = Integration.objects.create(user=alice, **SLACK)
    getattr(Program(bob), method)(f"integrations/{slack.pk}/", SLACK if method == "put" else None, status=404)
    assert Program(bob).get("integrations/")["results"] == []


def test_one_of_a_type_for_each_person(alice, bob, olga):
    for person in (alice, bob):
        Program(person).post("integrations/", SLACK, status=201)
    once = {"integration_type": ["This person already has an integration of this type."]}
    assert Program(alice).post("integrations/", SLACK, status=400) == once
    assert Program(olga).post("integrations/", SLACK | {"user": alice.email}, status=400) == once
    gmail = Program(alice).post("integrations/", SLACK | {"integration_type": "gmail"}, status=201)
    assert Program(alice).patch(f"integrations/{gmail['id']}/", {"integration_type": "slack"}, status=400) == once


@pytest.mark.parametrize(("change", "field", "message"), [
    ({"integration_type": ""}, "integration_type", "This field may not be blank."),
    ({"status": "asleep"}, "status", "“asleep” is not one of: active, inactive, error, syncing."),
    ({"config": []}, "config", "Use an object"),
    ({"credentials": "xoxb"}, "credentials", "Use an object"),
    ({"credential": {}}, "credential", "Unknown field."),
    ({"last_sync_at": "2026-03-02T10:00:00"}, "last_sync_at", "Include a time zone"),
    ({"user": "bob@example.com"}, "user", "Only operators and administrators can set another owner"),
])  # fmt: skip
def test_what_is_wrong_is_said_beside_the_field(alice, bob, change, field, message):
    error = Program(alice).post("integrations/", SLACK | change, status=400)
    assert list(error) == [field]
    assert message in error[field][0]
