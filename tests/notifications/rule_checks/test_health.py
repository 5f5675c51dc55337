"""Rules that tell somebody who cannot hear it."""

import pytest

from rules.health.examination import findings_of
from tests.rules.rule_cast import rule_of


def finding_of(rule, now):
    return {finding.kind: finding.words for finding in findings_of(rule.pk, now)}.get("no_recipient")


@pytest.mark.parametrize("action", ["alert", "notify"])
def test_the_owner_is_deactivated(bob, now, action):
    rule = rule_of(bob, action_type=action, last_triggered_at=now)
    assert finding_of(rule, now) is None
    bob.is_active = False
    bob.save()
    assert finding_of(rule, now) == "The owner, Bob, is deactivated: the rule is not evaluated and nobody is notified."


def test_the_owner_has_no_inbox(bob, ada, now):
    bob.groups.clear()
    assert (
        finding_of(rule_of(bob, last_triggered_at=now), now) == "The owner, Bob, is in no group that may open an inbox."
    )
    assert finding_of(rule_of(bob, action_type="log", last_triggered_at=now), now) is None
    assert finding_of(rule_of(ada, last_triggered_at=now), now) is None
