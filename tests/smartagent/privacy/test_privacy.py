"""Everything about one person is exported without secrets, and erased so that the chain stays valid."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from notifications.models import Channel, Notification
from rules.audit.sealing import seal
from rules.audit.verification import Verifier
from rules.models import ActivityEntry, AuditLink, Integration, MetricSample
from rules.text.entry import entry_in_words
from smartagent.accounts.events import SIGNED_IN, log_event
from smartagent.accounts.tokens import issue_token
from smartagent.models import APIToken, User
from smartagent.privacy.erasure import refusal_of
from tests.rules.rule_cast import entry_of, rule_of

NAME, EMAIL = "Alice Ångström", "alice@example.com"


@pytest.fixture
def person(alice, bob):
    """Alice, with something in many tables; Bob has an entry that names her."""
    now = timezone.now()
    User.objects.filter(pk=alice.pk).update(full_name=NAME)
    alice.refresh_from_db()
    issue_token(user=alice, name="script")
    Integration.objects.create(user=alice, integration_type="slack", config={"api_key": "xoxb-1", "team": "A"})
    Channel.objects.create(user=alice, kind="email", name="Mail", config={"address": EMAIL})
    Notification.objects.create(user=alice, type="alert", title="T", message="M")
    MetricSample.objects.push(user=alice, metric="cpu", value=93, observed_at=now)
    log_event(SIGNED_IN, alice, now, by=alice, address="203.0.113.7", browser="Firefox")
    ActivityEntry.objects.create(
        user=bob, event_type="x", action_taken="none", context={"said": f"{NAME} wrote to {EMAIL.upper()}"},
        error_message=f"no mail to {EMAIL}",
    )  # fmt: skip
    entry_of(rule_of(bob), now)
    return alice


def run(*words):
    output = StringIO()
    call_command("person", *words, stdout=output)
    return output.getvalue()


def texts():
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(l::text, ' ') FROM agent_activity_log l")
        return str(cursor.fetchone()[0])


def test_everything_about_a_person_is_exported_without_secrets(person, bob, client_of, ada, olga):
    text = run("export", EMAIL.upper())
    found = json.loads(text)
    assert (found["person"]["email"], found["groups"]) == (EMAIL, ["members"])
    tables = found["tables"]
    assert {
        "smartagent_api_tokens", "integrations", "channels", "notifications", "metric_samples", "metric_series",
        "agent_activity_log", "automation_rules",
    } - tables.keys() == {"automation_rules"}  # fmt: skip
    assert tables["integrations"][0]["config"] == {"api_key": "(secret, not exported)", "team": "A"}
    assert [each["event_type"] for each in tables["agent_activity_log"]] == ["signed_in"]
    assert "xoxb-1" not in text
    assert person.password not in text
    assert str(bob.pk) not in text
    address = f"/people/{person.pk}/"
    assert address + "export/" in client_of(ada).get(address).content.decode()
    assert address + "export/" not in client_of(olga).get(address).content.decode()
    page = client_of(ada).get(f"{address}export/")
    assert json.loads(page.getvalue())["tables"].keys() == tables.keys()
    assert "attachment" in page["Content-Disposition"]
    assert client_of(olga).get(f"{address}export/").status_code == 403


def test_a_person_is_erased_and_the_chain_stays_valid(person, bob, ada, client_of):
    seal(timezone.now())
    page, address = client_of(ada), f"/people/{person.pk}/erase/"
    assert "This cannot be undone" in page.get(address).content.decode()
    assert User.objects.get(pk=person.pk).is_active
    answer = page.post(address, {"post": "yes"}, follow=True).content.decode()
    assert "Person erased: " in answer
    shell = User.objects.get(pk=person.pk)
    assert (shell.full_name, shell.is_active, shell.has_usable_password()) == ("Erased person", False, False)
    assert not any(
        model.objects.filter(user=person).exists() for model in (APIToken, Integration, Channel, Notification)
    )
    assert MetricSample.objects.count() == 0
    assert not [each for each in (NAME, "Ångström", "203.0.113.7", "Firefox") if each in texts()]
    assert EMAIL not in texts().lower()
    assert ActivityEntry.objects.get(event_type="x").context["said"] == "Erased person wrote to erased"
    assert entry_in_words(ActivityEntry.objects.get(event_type="person_erased")) == "Ada erased the data of a person."
    seal(timezone.now())
    found = Verifier().run()
    assert (found.as_dict()["findings"], found.erased) == ([], 2)
    assert AuditLink.objects.filter(kind="erasure").count() == 1

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE agent_activity_log SET context = context || '{\"a\": 1}' WHERE event_type = 'x'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert {each.kind for each in Verifier().run().findings} == {"changed"}


def test_who_cannot_be_erased_is_said(ada, alice):
    with pytest.raises(CommandError, match="This is the last administrator"):
        run("erase", ada.email, "--yes")
    with pytest.raises(CommandError, match="Nobody has the address") as nobody:
        run("erase", "nobody@example.com")
    assert nobody.value.returncode == 2
    assert "no longer name the person" in run("erase", alice.email, "--yes")


def test_by_rest(person, ada, olga, client_of):
    export, erase = f"/api/v1/people/{person.pk}/export/", f"/api/people/{person.pk}/erase/"
    admin, by_json = client_of(ada), {"content_type": "application/json"}
    answer = admin.get(export)
    found = json.loads(b"".join(answer.streaming_content))
    assert (found["person"]["email"], answer["Cache-Control"]) == (EMAIL, "no-store")
    for token, status in ((issue_token(ada, "read", scopes=["read"])[1], 403), (issue_token(ada, "all")[1], 200)):
        assert admin.get(export, headers={"Authorization": f"Bearer {token}"}).status_code == status
    assert client_of(olga).get(export).status_code == client_of(olga).post(erase, {}, **by_json).status_code == 403
    for body, problem in (
        ({}, {"email": ["This field is required."]}),
        ({"email": "bob@example.com"}, {"email": ["This is not the e-mail address of the person."]}),
        ({"email": EMAIL, "sure": True}, None),
    ):
        refused = admin.post(erase, body, **by_json)
        assert (refused.status_code, problem in (None, refused.json())) == (400, True)
    own = admin.post(f"/api/people/{ada.pk}/erase/", {"email": ada.email}, **by_json)
    assert own.json() == {"detail": ["You cannot erase yourself. Another administrator can."]}
    assert User.objects.get(pk=person.pk).email == EMAIL
    done = admin.post(erase, {"email": EMAIL.upper()}, **by_json)
    assert (done.status_code, done.json()["rows"] > 4, done.json()["entries"] >= 2) == (200, True, True)
    assert EMAIL not in texts()
    assert User.objects.get(pk=person.pk).is_active is False
    assert Verifier().run().ok
    assert entry_in_words(ActivityEntry.objects.get(event_type="person_erased")) == "Ada erased the data of a person."


def test_only_superusers_erase_superusers(ada, olga, bob):
    assert refusal_of(ada, olga) == "Only superusers erase superusers."
    assert refusal_of(bob, olga) == ""
