"""The facts that strategies look at: of all people of a batch, in a fixed number of statements."""

from datetime import timedelta
from decimal import Decimal

import pytest

from optimizer.proposals.facts import FactsLoader
from rules.models import AuditEvent
from tests.optimizer.step_cast import DAY, integration_of, metric_of

ASKED = {"metric": "cpu", "value": 1.0, "threshold": 2.0, "operator": "<", "target": ""}


def test_what_can_be_asked_of_an_integration_is_known_without_opening_its_credentials(at_gmail, alice, now):
    at_gmail.credentials_encrypted = "of another application"
    at_gmail.save()
    (fact,) = FactsLoader([alice.pk], now).of(alice.pk, **ASKED).integrations
    assert (fact.can_probe, fact.can_validate, fact.can_renew, fact.can_refresh) == (True, True, True, True)
    assert (fact.kind, fact.status, fact.sync_minutes) == ("gmail", "active", 15)
    assert fact.token_expires_at is not None


def test_settings_that_are_none_are_no_settings(alice, now):
    integration_of(alice, config={"health_url": 5, "sync_interval_minutes": "soon", "token_expires_at": "never"})
    (fact,) = FactsLoader([alice.pk], now).of(alice.pk, **ASKED).integrations
    assert (fact.can_probe, fact.sync_minutes, fact.token_expires_at) == (False, None, None)


def test_metrics_errors_and_the_engine_are_known(alice, bob, now, settings):
    settings.OPTIMIZATION_ENGINE_URL = "https://engine.example.com"
    metric_of(alice, "mail", "0.3", 0.5, [0.4, 0.6], now)
    metric_of(bob, "mail", "0.9", 0.1, [0.1], now)
    for age, severity in ((1, "error"), (2, "critical"), (3, "warning"), (25, "error")):
        AuditEvent.objects.create(
            user=alice, event_type="login", severity=severity, created_at=now - timedelta(hours=age)
        )
    found = FactsLoader([alice.pk], now).of(alice.pk, **ASKED)
    (metric,) = found.metrics
    assert (metric.name, metric.weight, metric.value) == ("mail", Decimal("0.3"), Decimal("0.5"))
    assert metric.history == (0.4, 0.6)
    assert found.errors == (("login", 2),)
    assert found.has_engine


@pytest.mark.django_db
def test_many_people_take_as_many_statements_as_one(alice, bob, now, django_assert_num_queries):
    for person in (alice, bob):
        integration_of(person)
        metric_of(person, "mail", "0.3", 0.5, [0.4], now)
    with django_assert_num_queries(4):
        around = FactsLoader([alice.pk, bob.pk], now)
        assert all(around.of(person.pk, **ASKED).metrics for person in (alice, bob))


def test_what_was_long_ago_is_no_history(alice, now):
    metric_of(alice, "mail", "0.3", 0.5, [0.4], now - 15 * DAY)
    (metric,) = FactsLoader([alice.pk], now).of(alice.pk, **ASKED).metrics
    assert metric.history == ()
