"""Many objects in one request: each has its outcome, and those of others stay as they are."""

from datetime import timedelta

from django.utils import timezone

from notifications.models import Delivery, Notification
from rules.models import ActivityEntry, AutomationRule, RuleState, Silence
from smartagent.accounts.tokens import issue_token
from smartagent.models import APIToken
from tests.api import Program
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of

NOWHERE = "00000000-0000-0000-0000-000000000000"


def answered(program, address, chosen, **body):
    """The counts of an answer, and its outcomes in the order of the ids."""
    found = program.post(address, {"ids": [str(each) for each in chosen]} | body)
    results = found.pop("results")
    assert [each["id"] for each in results] == [str(each) for each in chosen]
    assert all(bool(each["reason"]) == (each["outcome"] != "changed") for each in results)
    return list(found.values()), [each["outcome"] for each in results]


def test_silences_end(alice, bob):
    now = timezone.now()
    some = [
        Silence.objects.create(user=who, created_by=who, comment="c", metric="cpu", starts_at=now, ends_at=now + length)
        for who, length in ((alice, timedelta(hours=1)), (alice, timedelta(seconds=-1)), (bob, timedelta(hours=1)))
    ]  # fmt: skip
    ids = [*(each.pk for each in some), NOWHERE]
    ended = answered(Program(alice), "silences/end/", ids)
    assert ended == ([1], ["changed", "unchanged", "unknown", "unknown"])
    assert list(Silence.objects.exclude(cancelled_at=None)) == some[:1]
    assert answered(Program(alice), "silences/end/", ids[:1]) == ([0], ["unchanged"])


def test_rules_are_deleted(alice, bob):
    own, of_a_file, other = rule_of(alice), rule_of(alice), rule_of(bob)
    AutomationRule.objects.filter(pk=of_a_file.pk).update(provisioned_by="team-a")
    ids = [own.pk, of_a_file.pk, other.pk]
    deleted = answered(Program(alice), "rules/bulk-delete/", ids)
    assert deleted == ([1], ["changed", "unchanged", "unknown"])
    assert (AutomationRule.binned.get().pk, AutomationRule.binned.get().deleted_by) == (own.pk, alice)
    assert answered(Program(alice), "rules/bulk-delete/", ids[:1]) == ([0], ["unknown"])


def test_tokens_are_revoked(alice, bob):
    own, other = (issue_token(who, "t")[0].pk for who in (alice, bob))
    revoked = answered(Program(alice), "tokens/revoke/", [own, other, NOWHERE])
    assert revoked == ([1], ["changed", "unknown", "unknown"])
    assert not APIToken.objects.filter(pk=own).exists()
    assert APIToken.objects.filter(pk=other).exists()
    entry = ActivityEntry.objects.get(event_type="token_revoked")
    assert (entry.user, entry.context["token"], entry.context["by_name"]) == (alice, "t", "Alice")


def test_notifications_are_marked(alice, bob):
    of_alice, of_bob = (
        Notification.objects.create(user=who, type="alert", title="t", message="m", metadata={}).pk
        for who in (alice, bob)
    )
    program = Program(alice)
    assert answered(program, "notifications/mark/", [of_alice, of_bob], verb="read") == ([1], ["changed", "unknown"])
    assert answered(program, "notifications/mark/", [of_alice], verb="read") == ([0], ["unchanged"])
    assert answered(program, "notifications/mark/", [of_alice], verb="archive") == ([1], ["changed"])
    assert answered(program, "notifications/mark/", [of_alice], verb="snooze", length="1h") == ([1], ["changed"])
    assert Notification.objects.get(pk=of_bob).status == "unread"


def test_alerts_are_handled(alice, bob, olga):
    now = timezone.now()
    firing, calm, other = (
        RuleState.objects.create(rule=rule_of(who), user=who, since=now, condition=condition, fired_at=now).pk
        for who, condition in ((alice, "firing"), (alice, "ok"), (bob, "firing"))
    )
    program, ids = Program(alice), [firing, calm, other]
    for verb, outcomes in {
        "acknowledge": ["changed", "unchanged"], "comment": ["changed", "changed"],
        "reopen": ["changed", "unchanged"], "resolve": ["changed", "unchanged"],
    }.items():  # fmt: skip
        found = answered(program, "states/handle/", ids, verb=verb, comment="c")
        assert found == ([outcomes.count("changed")], [*outcomes, "unknown"]), verb
    assert answered(program, "states/handle/", ids[:1], verb="assign", person=alice.email) == ([1], ["changed"])
    assert answered(program, "states/handle/", ids[:1], verb="assign", person=alice.email) == ([0], ["unchanged"])
    assert RuleState.objects.get(pk=other).handling == "open"


def test_deliveries_are_resent(alice, bob):
    now, made = timezone.now(), []
    for who, status in ((alice, "dead"), (alice, "delivered"), (bob, "dead")):
        channel = channel_of(who, name=status)
        made.append(Delivery.objects.create(user=who, channel=channel, title="t", status=status, expires_at=now).pk)
    found = answered(Program(alice), "deliveries/resend/", made)
    assert found == ([1], ["changed", "unchanged", "unknown"])
    body = {"ids": [str(made[0])], "channel": NOWHERE, "status": "dead"}
    refused = Program(alice).post("deliveries/resend/", body, status=400)
    assert refused == {"ids": ["Deliveries are named by their ids; omit the status."]}
    assert Program(alice).post("deliveries/resend/", {}, status=400) == {"since": ["Give either since or ids."]}
