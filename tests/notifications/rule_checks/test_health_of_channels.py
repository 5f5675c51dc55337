"""Rules whose owners have only channels that do not work."""

import pytest

from notifications.models import Channel
from rules.health.examination import findings_of
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db


def finding_of(rule, now):
    return {finding.kind: finding for finding in findings_of(rule.pk, now)}.get("broken_channel")


def broken(now):
    return {"opened_at": now, "retry_at": now, "failures": 5, "cause": "Answered 404."}


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([], None), (["works"], None), (["broken", "works"], None), (["off", "works"], None),
        (["broken"], "The rule notifies Alice, whose only channel “0” is broken: Answered 404."),
        (["off"], "The rule notifies Alice, whose only channel “0” is disabled."),
        (["off", "broken", "off"],
         "The rule notifies Alice, none of whose 3 channels works: 1 broken, 2 off. “1”: Answered 404."),
        (["off", "off"], "The rule notifies Alice, none of whose 2 channels works: 2 off."),
    ],
)  # fmt: skip
def test_none_of_them_works(alice, bob, now, states, words):
    channel_of(bob, url="https://b.example/")
    rule = rule_of(alice, last_triggered_at=now)
    for number, state in enumerate(states):
        channel = channel_of(alice, name=str(number), url="https://a.example/")
        changes = {"off": {"enabled": False}, "broken": broken(now), "works": {}}[state]
        if changes:
            Channel.objects.filter(pk=channel.pk).update(**changes)
    found = finding_of(rule, now)
    assert (found and found.words) == words
    assert found is None or found.link == f"/channels/?owner={alice.pk}"


def test_only_rules_that_tell_somebody(alice, now):
    channel_of(alice, url="https://a.example/")
    Channel.objects.update(**broken(now))
    assert finding_of(rule_of(alice, action_type="notify"), now)
    assert finding_of(rule_of(alice, action_type="log"), now) is None
    assert finding_of(rule_of(alice, status="draft"), now) is None


@pytest.mark.parametrize(
    ("recipients", "found"),
    [(["owner"], True), ([], True), (["bob@example.com"], False), (["owner", "bob@example.com"], False)],
)
def test_whom_a_rule_names_besides_may_hear_it(alice, now, recipients, found):
    channel_of(alice, url="https://a.example/")
    Channel.objects.update(**broken(now))
    assert bool(finding_of(rule_of(alice, action_config={"recipients": recipients}), now)) is found
