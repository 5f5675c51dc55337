"""Who is notified of an optimization: the person concerned, once for each, and when it is applied or fails."""

from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications.models import Delivery, Notification
from optimizer.execution.responses import answer
from optimizer.measurement.effect import measure
from optimizer.proposals.creation import propose
from tests.optimizer.optimization_cast import COVERAGE, metrics_of, optimization, optimization_for, readings_around
from tests.rules.rule_cast import rule_of


def notifications_of(user):
    return list(Notification.objects.filter(user=user).order_by("created_at").values_list("title", "severity"))


def test_a_proposal_is_told_once(alice, now):
    rule = rule_of(alice)
    event = optimization_for(alice, now, COVERAGE, rule=rule.pk)
    optimization_for(alice, now + timedelta(minutes=5), COVERAGE, rule=rule.pk)  # the rule fires again
    one = Notification.objects.get()
    assert (one.user, one.title, one.rule) == (alice, "Optimization proposed: Fusion enhancement", rule)
    assert one.action_url == f"/optimizations/{event.pk}/"
    assert "The fusion score is 60 (threshold: below 70)." in one.message
    assert "• Adjust a weight: Coverage is low." in one.message
    assert Delivery.objects.get().reason == "other"


def test_who_asked_for_it_is_not_told_of_it(alice, olga, now):
    optimization_for(alice, now, COVERAGE, by=alice.pk)
    optimization_for(olga, now, COVERAGE, by=alice.pk)
    assert notifications_of(alice) == []
    assert len(notifications_of(olga)) == 1


def test_applied_and_worse(alice, olga, now):
    metrics_of(alice)
    event = optimization_for(alice, now, COVERAGE, by=olga.pk)
    readings_around(alice, now, before=60, after=50)
    answer("apply", event, alice, now)
    assert measure(event, now + timedelta(hours=24)) == "worse"
    *at_once, last = notifications_of(alice)  # proposed and applied in one moment: in either order
    assert sorted(at_once) == [
        ("Optimization applied: Fusion enhancement", "low"), ("Optimization proposed: Fusion enhancement", "medium"),
    ]  # fmt: skip
    assert last == ("Optimization made the metric worse: Fusion enhancement", "high")


def test_failed_with_its_cause(alice, now):
    metrics_of(alice)
    answer("apply", optimization_for(alice, now, {"metric": "speed", "step": 1}), alice, now)
    last = Notification.objects.order_by("created_at", "severity").get(type="error")
    assert (last.title, last.severity) == ("Optimization failed: Fusion enhancement", "high")
    assert "Unknown fusion metric “speed”" in last.message


def test_many_proposals_take_as_many_statements_as_one(alice, bob, olga, now):
    counts = []
    for people in ([alice], [bob, olga]):
        requested = [optimization(person, now, COVERAGE) for person in people]
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            propose(requested, now)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Notification.objects.count() == 3
