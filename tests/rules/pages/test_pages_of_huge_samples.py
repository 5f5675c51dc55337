"""Pages and REST of a rule whose window cannot be calculated say so."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.backtesting.explanation import explain
from rules.backtesting.trial import try_out
from rules.engine.numeric_range import TOO_FAR
from rules.evaluation.dispatcher import dispatch
from rules.explain.replay import condition_in_words
from rules.models import ActivityEntry
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample


@pytest.mark.parametrize(
    ("reducer", "values"),
    [
        ("percent_change", [6.9e-310, 20.5]), ("avg", [1e154, -1e154]), ("sum", [1.2e308] * 2),
        ("change", [-1e308, 1e308]),
    ],
)  # fmt: skip
def test_pages_of_a_window_that_cannot_be_calculated(alice, client_of, reducer, values):
    now = timezone.now()
    rule = rule_of(alice, "cpu", ">", 0, "log", reducer=reducer, evaluation_window=timedelta(minutes=30))
    for place, value in enumerate(values):
        sample(alice, value, now - minutes(10 - place))
    dispatch(now, "command")
    client, entry = client_of(alice), ActivityEntry.objects.get(rule=rule)
    addresses = [
        reverse("admin:rules_automationrule_change", args=[rule.pk]),
        reverse("admin:rules_activityentry_change", args=[entry.pk]), f"/api/rules/{rule.pk}/",
        f"/api/activity/{entry.pk}/",
    ]  # fmt: skip
    answers = {address: client.get(address, follow=True).status_code for address in addresses}
    assert answers == dict.fromkeys(addresses, 200)
    trial = try_out(rule, 7, timezone.now(), everybody=False)
    assert trial.transitions[-1].transition.reason == TOO_FAR
    assert all(value is None for _, value in trial.points[-3:])
    assert TOO_FAR in condition_in_words(explain(rule, alice.pk, timezone.now()).observed[0])
