"""The search of the activity log, on one small log."""

from datetime import timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from rules.filters import ActivityFilter
from rules.models import ActivityEntry
from tests.rules.rule_cast import entry_of, rule_of


def facts_of(rule, person, **more):
    return {
        "rule_name": rule.rule_name, "metric": rule.metric_type, "value": 63.0, "threshold": 70, "operator": "<",
        "target": "", "severity": rule.severity, "person": str(person.pk),
    } | more  # fmt: skip


@pytest.fixture
def log(alice, bob, olga, now):
    """Five entries by name: Olga's rule watches Alice and Bob; Bob has one of his own."""
    score = rule_of(olga, rule_name="Fusion score is low", applies_to="everyone", severity="critical")
    sync = rule_of(bob, rule_name="Sync errors", metric_type="integration_error_count", severity="low")
    fired = entry_of(score, now, context=facts_of(score, alice))
    acknowledged = entry_of(
        score, now + timedelta(hours=1), event_type="instance_acknowledged", action_taken="none",
        context=facts_of(score, alice, by=str(olga.pk), by_name="Olga", comment="Rebooting the gateway"),
    )  # fmt: skip
    failed = entry_of(
        sync, now + timedelta(hours=2), status="failed", error_message="ReadTimeout: https://api.trello.com/1/boards",
        context=facts_of(sync, bob, target="trello"),
    )  # fmt: skip
    theirs = ActivityEntry.objects.create(
        user=bob, rule=None, event_type="automation_executed", action_taken="Executed alert action for rule: Old one",
        context={"metric_type": "anomaly_count", "target_integration": "gmail", "rule_name": "Old one"},
        created_at=now + timedelta(hours=3),
    )  # fmt: skip
    resolved = entry_of(
        score, now + timedelta(days=1), event_type="rule_resolved", action_taken="none", context=facts_of(score, alice)
    )
    return {"fired": fired, "acknowledged": acknowledged, "failed": failed, "theirs": theirs, "resolved": resolved}


def found(log, search):
    filtered = ActivityFilter({"search": search}, ActivityEntry.objects.all())
    assert filtered.is_valid(), filtered.errors
    rows = set(filtered.qs)
    return {name for name, entry in log.items() if entry in rows}


EVERY = {"fired", "acknowledged", "failed", "theirs", "resolved"}


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("person:alice", {"fired", "acknowledged", "resolved"}),
        ("owner:bob", {"failed", "theirs"}),
        ("by:olga", {"acknowledged"}),
        ("olga", {"fired", "acknowledged", "resolved"}),
        ("alice score", {"fired", "acknowledged", "resolved"}),
        ("low SCORE", {"fired", "acknowledged", "resolved"}),
        ('rule:"Fusion score is low" event:fired', {"fired"}),
        ("event:fired", {"fired", "failed"}),
        ("event:fired event:resolved", {"fired", "failed", "resolved"}),
        ("event:triggered -result:failed", {"fired"}),
        ("result:failed", {"failed"}),
        ("severity:critical -event:resolved", {"fired", "acknowledged"}),
        ("-severity:critical", {"failed", "theirs"}),
        ("target:trello", {"failed"}),
        ("target:GMAIL", {"theirs"}),
        ("-target:trello", EVERY - {"failed"}),
        ("metric:anomaly_count", {"theirs"}),
        ("timeout", {"failed"}),
        ("readtimeout trello", {"failed"}),
        ("ReadTimeout", {"failed"}),
        ("text:api.trello.com", {"failed"}),
        ("reboot gate", {"acknowledged"}),
        ("acknowledged", {"acknowledged"}),
        ("old one", {"theirs"}),
        ("after:2026-03-03", {"resolved"}),
        ("before:2026-03-02T10:30 alice", {"fired"}),
        ("-alice -bob", set()),
        ("-nobody", EVERY),
        ("person:nobody", set()),
        ("-person:nobody", EVERY),
        ("within:30d", set()),
        ("...", set()),
        ("", EVERY),
    ],
)
def test_words_and_terms(log, search, names):
    assert found(log, search) == names


def test_ids_of_whatever_it_is(log):
    fired = log["fired"]
    assert found(log, str(fired.pk)) == {"fired"}
    assert found(log, str(fired.rule_id)) == {"fired", "acknowledged", "resolved"}
    assert found(log, f"person:{log['failed'].user_id}") == {"failed", "theirs"}


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ("severity:purple", "“purple” is not one of: low, medium, high, critical."),
        ("colour:red", "Unknown field “colour”. Fields: person, owner,"),
        ("after:tomorrow", "“tomorrow” is not a time. Example: 2026-03-02"),
        ("event:sneezed", "“sneezed” is not one of: triggered, "),
        ("run:7", "“7” is not the ID of a run."),
        ('rule:"Fusion', "A quotation mark is missing"),
        ("x" * 501, "at most 500 characters"),
    ],
)
def test_the_api_says_what_is_wrong(log, olga, search, says):
    client = APIClient()
    client.force_authenticate(olga)
    answer = client.get("/api/activity/", {"search": search})
    assert answer.status_code == 400
    assert says in answer.json()["search"][0]


def test_a_member_finds_neither_names_nor_entries_of_others(log, bob):
    client = APIClient()
    client.force_authenticate(bob)
    assert [row["id"] for row in client.get("/api/activity/", {"search": "bob"}).json()["results"]] == [
        str(log["theirs"].pk), str(log["failed"].pk),
    ]  # fmt: skip
    assert client.get("/api/activity/", {"search": "person:alice"}).json()["results"] == []


def test_a_huge_text_of_another_program_is_written_and_found(alice, now):
    words = " ".join(f"w{number:x}" for number in range(300_000))
    entry = entry_of(rule_of(alice), now, error_message=words, context={"severity": "x" * 9000, "metric": "m" * 9000})
    assert found({"entry": entry}, "w2a") == {"entry"}


def test_words_are_found_by_an_index(log):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ActivityFilter({"search": "text:timeout"}, ActivityEntry.objects.order_by()).qs.explain()
    assert "agent_activity_log_words" in plan
    plan = ActivityFilter({"search": "severity:critical"}, ActivityEntry.objects.order_by()).qs.explain()
    assert "agent_activity_log_severity" in plan
    plan = ActivityFilter({"search": "target:trello"}, ActivityEntry.objects.order_by()).qs.explain()
    assert "agent_activity_log_target" in plan
