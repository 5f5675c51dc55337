"""Propose now: a person asks, without a rule that fires."""

import pytest
from django.utils import timezone

from optimizer.models import OptimizationEvent
from rules.models import FusionScore, Integration
from tests.rules.rule_cast import rule_of

PAGE = "/optimizations/new/"
ASKED = {"metric": "integration_health", "target": "", "operator": "<", "threshold": "60", "kind": "manual"}


@pytest.fixture
def broken(alice):
    return Integration.objects.create(
        user=alice, integration_type="gmail", status="error", last_sync_at=timezone.now(),
        config={"sync_interval_minutes": 5},
    )  # fmt: skip


def ask(client, **given):
    return client.post(PAGE, ASKED | given, follow=True)


def only():
    return OptimizationEvent.objects.get()


def test_the_strategy_looks_at_how_things_are_now(client_of, alice, broken):
    page = ask(client_of(alice)).content.decode()
    event = only()
    assert (event.user, event.requested_by, event.strategy) == (alice, alice, "integration_recovery")
    assert (event.operator, event.before["threshold"], event.before["value"]) == ("<", 60.0, 25.0)
    assert event.reason.startswith("Requested by Alice. ")
    assert "gmail is error" in event.reason
    assert "Optimization proposed. Another person must approve it." in page


def test_what_would_be_bad_is_what_a_rule_says(client_of, alice, olga):
    rule_of(olga, applies_to="everyone", threshold_value=50)
    rule_of(alice, threshold_value=77)
    FusionScore.objects.create(user=alice, fusion_score=71, calculated_at=timezone.now())
    ask(client_of(alice), metric="fusion_score", operator="", threshold="")
    assert (only().operator, only().before["threshold"], only().before["value"]) == ("<", 77.0, 71.0)


def test_where_no_rule_says_it_the_form_asks(client_of, alice):
    page = ask(client_of(alice), operator="", threshold="").content.decode()
    assert "No rule watches this metric for this person." in page
    assert not OptimizationEvent.objects.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"metric": "No Metric"}, "Unknown metric."),
        ({"threshold": "much"}, "Not a number."),
        ({"threshold": ""}, "Enter both operator and threshold"), ({"metric": ""}, "This field is required."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(client_of, alice, given, words):
    assert words in ask(client_of(alice), **given).content.decode()
    assert not OptimizationEvent.objects.exists()


def test_not_while_one_waits(client_of, alice, broken):
    client = client_of(alice)
    ask(client)
    assert "Nothing was proposed: An optimization is already proposed." in ask(client).content.decode()
    assert OptimizationEvent.objects.count() == 1


def test_operators_ask_for_others_and_members_for_themselves(client_of, alice, olga, audra, broken):
    ask(client_of(olga), person="alice@example.com")
    assert (only().user, only().requested_by) == (alice, olga)
    assert 'name="person"' not in client_of(alice).get(PAGE).content.decode()
    ask(client_of(alice), person="olga@example.com", metric="fusion_score")
    assert set(OptimizationEvent.objects.values_list("user", flat=True)) == {alice.pk}
    assert client_of(audra).get(PAGE).status_code == 403
    assert client_of(audra).post(PAGE, ASKED).status_code == 403


def test_the_list_leads_there(client_of, alice, audra):
    client = client_of(alice)
    assert "Propose now" in client.get("/optimizations/").content.decode()
    assert client.get("/optimizations/propose-now/").headers["location"] == PAGE
    assert "Propose now" not in client_of(audra).get("/optimizations/").content.decode()
