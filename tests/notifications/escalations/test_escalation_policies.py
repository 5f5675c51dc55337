"""Escalation policies are made and changed on their pages, and by REST."""

import pytest
from django.urls import reverse

from notifications.models import EscalationPolicy
from tests.api import Program
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db
LIST, ADD = "/escalation/", "/escalation/add/"


def rows(*steps, **fields):
    sent = {"name": "Nights", "repeats": "1"} | fields
    for n, (after, to) in enumerate(steps):
        sent |= {f"step-{n}-after": after, f"step-{n}-to": to}
    return sent


def test_a_policy_is_made_and_shown(client_of, olga, alice):
    client = client_of(olga)
    assert "No escalation policy yet" in client.get(LIST).content.decode()
    channel_of(olga, name="Pager", url="https://example.com/")
    made = client.post(ADD, rows(("15m", "alice@example.com"), ("1h", "group:operators, channel:Pager"), ("", "")))
    policy = EscalationPolicy.objects.get()
    assert made.headers["Location"] == f"/escalation/{policy.pk}/"
    assert policy.steps == [
        {"after": 900, "to": ["alice@example.com"]},
        {"after": 3600, "to": ["group:operators", "channel:olga@example.com/Pager"]},
    ]
    page = client.get(f"/escalation/{policy.pk}/").content.decode()
    assert "After 15m: alice@example.com" in page
    assert "After 1h 15m: group:operators, channel:olga@example.com/Pager" in page
    assert "Then repeat all steps, 1 time" in page


def test_the_rules_that_name_it_are_shown(client_of, olga):
    policy = EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 60, "to": ["owner"]}])
    rule_of(olga, rule_name="CPU too high", action_config={"escalation": "Nights"})
    assert "CPU too high" in client_of(olga).get(f"/escalation/{policy.pk}/").content.decode()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (rows(), "Add at least one step"),
        (rows(("soon", "owner")), "is not a duration"),
        (rows(("30s", "owner")), "waiting time of 1m to 1w"),
        (rows(("15m", "")), "Enter the recipients"),
        (rows(("", "owner")), "waiting time of 1m to 1w"),
        (rows(("15m", "nobody@example.com")), "No user with the e-mail"),
        (rows(("15m", "owner"), repeats="10"), "At most 9 times."),
        (rows(("15m", "owner"), name=""), "This field is required."),
    ],
)
def test_what_is_wrong_is_said_beside_it(client_of, olga, sent, message):
    page = client_of(olga).post(ADD, sent)
    assert page.status_code == 200
    assert message in page.content.decode()
    assert EscalationPolicy.objects.count() == 0


def test_one_more_step_without_scripts_keeps_what_was_typed(client_of, olga):
    page = client_of(olga).post(ADD, rows(("15m", "owner")) | {"_more": "1"}).content.decode()
    assert 'value="15m"' in page
    assert "step-1-to" in page
    assert "Add at least one step" not in page
    assert EscalationPolicy.objects.count() == 0


def test_its_name_stays_for_rules_refer_to_it(client_of, olga):
    policy = EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 60, "to": ["owner"]}])
    client_of(olga).post(f"/escalation/{policy.pk}/edit/", rows(("5m", "owner"), name="Days"))
    policy.refresh_from_db()
    assert (policy.name, policy.steps) == ("Nights", [{"after": 300, "to": ["owner"]}])


def test_members_have_their_own_and_tell_only_themselves(client_of, alice, bob, olga):
    theirs = EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 60, "to": ["owner"]}])
    client = client_of(alice)
    assert client.get(f"/escalation/{theirs.pk}/").status_code == 404
    assert "Only operators" in client.post(ADD, rows(("15m", "bob@example.com"), name="Mine")).content.decode()
    assert client.post(ADD, rows(("15m", "owner"), name="Mine")).status_code == 302


def test_an_auditor_only_reads(client_of, audra, olga):
    policy = EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 60, "to": ["owner"]}])
    client = client_of(audra)
    page = client.get(f"/escalation/{policy.pk}/")
    assert (page.status_code, ">Edit<" in page.content.decode()) == (200, False)
    assert client.get(f"/escalation/{policy.pk}/edit/").status_code == 403
    assert client.get(ADD).status_code == 403


def test_it_is_deleted(client_of, olga):
    policy = EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 60, "to": ["owner"]}])
    address = reverse("admin:notifications_escalationpolicy_delete", args=[policy.pk])
    assert client_of(olga).post(address, {"post": "yes"}).status_code == 302
    assert EscalationPolicy.objects.count() == 0


def test_a_rule_names_a_policy_that_is_there(alice, olga):
    EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 60, "to": ["owner"]}])
    rule = {
        "rule_name": "CPU", "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
        "action_type": "alert", "severity": "high", "action_config": {"escalation": "Nights"},
    }  # fmt: skip
    refused = Program(alice).post("rules/", rule, status=400)
    assert "Unknown escalation policy “Nights”. Available: none yet." in refused["action_config.escalation"][0]
    Program(olga).post("rules/", rule, status=201)


def test_by_rest(olga, bob):
    program = Program(olga)
    steps = [{"after": "15m", "to": ["bob@example.com"]}]
    made = program.post("escalation-policies/", {"name": "Nights", "steps": steps}, status=201)
    assert (made["steps"], made["repeats"], made["user"]) == (steps, 0, str(olga.pk))
    changed = program.patch(f"escalation-policies/{made['id']}/", {"repeats": 2})
    assert (changed["repeats"], changed["steps"]) == (2, steps)
    assert program.get("escalations/")["results"] == []
    program.delete(f"escalation-policies/{made['id']}/", status=204)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"name": "N", "steps": []}, "steps", "Add at least one step"),
        ({"name": "N", "steps": "15m"}, "steps", "Use a list of steps"),
        ({"name": "N", "steps": [{"after": "15m", "to": ["owner"]}] * 11}, "steps", "At most 10 steps"),
        ({"name": "N", "steps": [{"after": "15m", "to": ["x@example.com"]}]}, "steps", "No user with the e-mail"),
        ({"name": "N", "steps": [{"after": "2 moons", "to": ["owner"]}]}, "steps", "is not a duration"),
        ({"name": "N", "steps": [{"after": "15m", "to": ["owner"], "x": 1}]}, "steps", "Unknown field"),
        ({"steps": [{"after": "15m", "to": ["owner"]}]}, "name", "required"),
    ],
)
def test_bad_input_by_rest(olga, body, field, message):
    found = Program(olga).post("escalation-policies/", body, status=400)
    assert {name.partition(".")[0] for name in found} == {field}
    assert message in str(found)


def test_a_name_is_taken_once_and_stays(olga):
    program = Program(olga)
    body = {"name": "Nights", "steps": [{"after": "15m", "to": ["owner"]}]}
    made = program.post("escalation-policies/", body, status=201)
    assert "already" in program.post("escalation-policies/", body, status=400)["name"][0]
    assert (
        "cannot be changed"
        in program.patch(f"escalation-policies/{made['id']}/", {"name": "Days"}, status=400)["name"][0]
    )
