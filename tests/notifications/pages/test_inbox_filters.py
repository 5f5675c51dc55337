"""The filters of the inbox, in the page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.notifications.inbox_cast import notification_for
from tests.notifications.outside import START
from tests.rules.rule_cast import rule_of

INBOX = "admin:notifications_notification_changelist"


@pytest.fixture
def requested(client_of, olga, alice, clock):
    notification_for(olga, "Low", severity="low", type="info", created_at=START - timedelta(days=3))
    notification_for(
        olga, "Critical", severity="critical", rule=rule_of(olga, rule_name="CPU"), metadata={"metric": "cpu"}
    )
    notification_for(alice, "Alice's", severity="low")

    def titles(**requested):
        return [str(one) for one in client_of(olga).get(reverse(INBOX), requested).context["cl"].result_list]

    return titles


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ["Critical", "Low"]),
        ({"severity": "critical"}, ["Critical"]),
        ({"type": "info"}, ["Low"]),
        ({"rule": "cpu"}, ["Critical"]),
        ({"metric": "cpu"}, ["Critical"]),
        ({"within": "24h"}, ["Critical"]),
        ({"before": "2026-03-01"}, ["Low"]),
        ({"after": "2026-03-01"}, ["Critical"]),
        ({"after": "2026-02-27T09:00", "before": "2026-02-27T11:00", "severity": "low"}, ["Low"]),
        ({"q": "criti"}, ["Critical"]),
    ],
)
def test_one_finds(requested, query, titles):
    assert requested(**query) == titles


def test_who_asks_for_a_recipient_need_not_ask_for_everyones_too(requested):
    assert requested(recipient="alice") == ["Alice's"]
    assert requested(recipient="alice", whose="mine") == ["Alice's"]  # as the form of the filters sends it
    assert requested(recipient="bob") == []


def test_whom_it_is_about_and_whose_rule_it_is(requested, alice, olga):
    notification_for(olga, "About Alice", rule=rule_of(alice), metadata={"metric": "cpu", "person": str(alice.pk)})
    assert requested(person="alice") == requested(owner="alice") == ["About Alice"]
    assert requested(person="nobody") == requested(person="olga") == []
    assert requested(owner="olga") == ["Critical"]
