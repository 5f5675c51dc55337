"""The life of a rule: copied, published, tested, brought back, deleted and taken back."""

from copy import copy
from datetime import timedelta

import pytest
from django.db.models import JSONField, Value
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.authoring.fields import RULE_FIELDS
from rules.evaluation.dispatcher import dispatch
from rules.lifecycle.copies import clone
from rules.lifecycle.recycle_bin import delete, empty_bin, undelete
from rules.lifecycle.test_fire import test_fire as fire_test
from rules.lifecycle.versions import NotSound, differences, numbered, restore
from rules.models import ActivityEntry, AutomationRule, MetricSample, RuleState
from tests.api import Program
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of, saved_by, state_of

DAY = timedelta(days=1)


def rules_of(*some):
    return AutomationRule.objects.filter(pk__in=[rule.pk for rule in some])


# -- copies --------------------------------------------------------------------------------------------

EVERYTHING = {
    "description": "Why", "target_integration": "gmail", "severity": "critical", "applies_to": "everyone",
    "pending_for": timedelta(minutes=10), "keep_firing_for": timedelta(minutes=15), "recovery_threshold": 75,
    "no_data_policy": "fire", "error_policy": "resolve", "repeat_every": timedelta(hours=1), "reducer": "quantile",
    "reducer_parameter": 1, "evaluation_window": timedelta(hours=1), "critical_threshold": 50, "match": "any",
    "more_conditions": [{"metric": "cpu", "operator": ">", "threshold": 90}], "labels": {"team": "db"},
    "runbook_url": "https://example.com/", "action_config": {"title": "Low"}, "metric_type": "cpu",
    "condition_operator": "<=", "threshold_value": 60, "action_type": "notify",
    "series_mode": "by", "matchers": ['host="a"'], "group_by": ["host"], "series_aggregate": "max",
}  # fmt: skip


def test_a_copy_forgets_no_field(alice, now):
    rule = rule_of(alice, **EVERYTHING)
    copied = AutomationRule.objects.get(pk=clone(rule, alice, now).pk)
    plain = AutomationRule()
    for field in [field.column for field in RULE_FIELDS if field.copied]:
        assert getattr(copied, field.attname) == getattr(rule, field.attname), field.name
        assert getattr(copied, field.attname) != getattr(plain, field.attname), f"{field.name} is not tested"
    assert (copied.status, copied.rule_name, copied.trigger_count) == ("draft", f"{rule.rule_name} (copy)", 0)
    assert copied.history.get().history_user == alice


def test_a_copy_of_a_rule_with_a_long_name_and_of_a_file(alice, now):
    rule = rule_of(alice, rule_name="x" * 200, uid="it", provisioned_by="team.yaml")
    copied = clone(rule, alice, now)
    assert len(copied.rule_name) == 200
    assert (copied.uid, copied.provisioned_by) == (None, "")


def test_the_null_of_json_of_another_program_is_copied_as_nothing(alice, now):
    rule = rule_of(alice, metric_type="cpu", series_mode="each")
    AutomationRule.objects.update(matchers=Value(None, JSONField()))
    rule.refresh_from_db()
    assert (rule.matchers, clone(rule, alice, now).matchers) == (None, [])
    assert fire_test(rule, alice, now).status == "success"


# -- drafts --------------------------------------------------------------------------------------------


def test_a_draft_is_evaluated_and_does_nothing_and_published_it_tells_what_breaks_it(client_of, alice):
    now = timezone.now()
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90, status="draft")
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=now)
    dispatch(now, "command")
    entry = ActivityEntry.objects.get()
    assert (entry.event_type, entry.status, entry.error_message) == ("rule_fired", "skipped", "The rule is a draft.")
    assert not Notification.objects.exists()
    page = client_of(alice).post(f"/rules/{rule.pk}/publish/", follow=True).content.decode()
    assert "published." in page
    assert not RuleState.objects.exists()
    dispatch(now + timedelta(minutes=5), "command")
    assert Notification.objects.get().title == rule.rule_name


# -- test-fires ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["active", "paused", "draft"])
def test_a_test_runs_the_action_for_real_and_touches_nothing_else(alice, status):
    now = timezone.now()
    rule = rule_of(alice, status=status)
    state = state_of(rule, now, last_notified_at=now)
    entry = fire_test(rule, alice, now)
    notification = Notification.objects.get()
    assert (notification.title, notification.metadata["event"]) == (f"[TEST] {rule.rule_name}", "rule_test")
    assert (entry.status, entry.context["outcome"]) == ("success", {"notification": str(notification.pk)})
    rule.refresh_from_db()
    assert (rule.trigger_count, rule.last_triggered_at) == (0, None)
    assert RuleState.objects.get().last_notified_at == state.last_notified_at
    assert dispatch(now, "command").succeeded == 0


def test_a_test_of_an_optimization_proposes_nothing_that_could_be_applied(alice):
    entry = fire_test(rule_of(alice, action_type="optimize"), alice, timezone.now())
    assert entry.context["outcome"]["would_recommend"]
    assert not OptimizationEvent.objects.exists()


def test_a_test_that_fails_says_why(client_of, alice):
    rule = rule_of(alice, action_type="gone")
    client, address = client_of(alice), f"/rules/{rule.pk}/test/"
    assert "The action gone is not installed" in client.get(address).content.decode()
    assert "Unknown action" in client.post(address, {"post": "yes"}, follow=True).content.decode()
    assert ActivityEntry.objects.get().status == "failed"


def test_a_test_asks_first_and_says_whom_it_will_reach(client_of, alice, bob, olga, ada):
    channel_of(bob, name="Pager")
    config = {"recipients": "owner, bob@example.com"}
    rule = saved_by(rule_of(alice, action_config=config), ada)
    address = f"/rules/{rule.pk}/test/"
    seen = client_of(olga).get(address)
    assert {str(each.person): each.ways for each in seen.context["reached"]} == {
        "Alice": "inbox", "Bob": "inbox, “Pager”",
    }  # fmt: skip
    own = client_of(alice).post(address).content.decode()  # without the button of the question
    assert "Bob" not in own
    assert "+1 more recipient" in own
    assert not Notification.objects.exists()
    client_of(alice).post(address, {"post": "yes"})
    assert {each.user for each in Notification.objects.all()} == {alice, bob}
    assert client_of(bob).get(address).status_code == 404


@pytest.mark.parametrize(
    ("action", "words"), [("log", "It reaches nobody"), ("optimize", "Nothing is proposed by a test")]
)
def test_a_test_that_notifies_nobody_says_so(client_of, alice, action, words):
    rule = rule_of(alice, action_type=action)
    assert words in client_of(alice).get(f"/rules/{rule.pk}/test/").content.decode()


# -- versions ------------------------------------------------------------------------------------------


@pytest.fixture
def twice(alice):
    """A rule with the threshold 70 in version 1, and 60 in version 2."""
    rule = rule_of(alice)
    rule.threshold_value = 60
    rule.labels = {"team": "db"}
    rule.save()
    return rule


def test_versions_are_numbered_from_one_and_compared(client_of, alice, twice):
    assert [number for number, _ in numbered(twice)] == [2, 1]
    page = client_of(alice).get(f"/rules/{twice.pk}/history/", {"old": 1, "new": 2}).content.decode()
    assert "<del>70</del></td><td><ins>60</ins>" in page
    assert "Labels: team" in page
    assert "no such version" in client_of(alice).get(f"/rules/{twice.pk}/history/?old=1&new=9").content.decode()


def test_no_value_written_in_another_way_is_no_difference(alice):
    rule = rule_of(alice)
    empty = copy(rule)
    rule.description, empty.description = None, ""
    assert differences(rule, empty) == []


def test_matchers_and_labels_are_compared_as_they_are_written(alice):
    rule = rule_of(alice, series_mode="by", matchers=['host=~"a|b"', 'disk!="z"'], group_by=["host"])
    assert [each.new for each in differences(rule_of(alice, series_mode="by"), rule) if each.old == "nothing"] == [
        'host=~"a|b", disk!="z"', "host",
    ]  # fmt: skip


def test_a_rule_of_another_application_has_no_versions_yet(client_of, alice):
    rule = rule_of(alice)
    rule.history.all().delete()
    page = client_of(alice).get(f"/rules/{rule.pk}/history/")
    assert page.status_code == 200
    assert "starts with the next change" in page.content.decode()


def test_an_old_version_comes_back_as_a_new_one(client_of, alice, twice):
    AutomationRule.objects.update(status="paused")
    client_of(alice).post(f"/rules/{twice.pk}/restore/", {"version": "1"})
    twice.refresh_from_db()
    assert (twice.threshold_value, twice.labels, twice.status) == (70, {}, "paused")
    newest = numbered(twice)[0]
    assert (newest[0], newest[1].history_change_reason) == (3, "restored from version 1")
    assert not restore(twice, 1, alice, timezone.now())
    with pytest.raises(LookupError):
        restore(twice, 9, alice, timezone.now())


def test_an_old_version_that_is_not_sound_any_more_stays_old(client_of, alice, twice):
    twice.history.filter(history_id=numbered(twice)[-1][1].history_id).update(threshold_value=700)
    with pytest.raises(NotSound, match="never above 100"):
        restore(twice, 1, alice, timezone.now())
    page = client_of(alice).post(f"/rules/{twice.pk}/restore/", {"version": "1"}, follow=True).content.decode()
    assert "it is no longer valid" in page


# -- the recycle bin -----------------------------------------------------------------------------------


def test_what_is_deleted_waits_in_the_bin_and_comes_back_paused(client_of, alice):
    rule = rule_of(alice)
    state_of(rule, timezone.now())
    client = client_of(alice)
    assert "moves to the recycle bin for 30 days" in client.get(f"/rules/{rule.pk}/delete/").content.decode()
    client.post(f"/rules/{rule.pk}/delete/", {"post": "yes"})
    assert not AutomationRule.objects.exists()
    assert not RuleState.objects.exists()
    assert AutomationRule.binned.get().status == "disabled"
    assert client.get(f"/rules/{rule.pk}/").status_code == 404
    assert "Recycle bin" in client.get("/rules/").content.decode()
    assert rule.rule_name in client.get("/rules/bin/").content.decode()
    client.post("/rules/bin/do/", {"rule": str(rule.pk), "do": "undelete"})
    assert AutomationRule.objects.get().status == "paused"
    assert "The recycle bin is empty" in client.get("/rules/bin/").content.decode()


def test_deleted_for_good_it_is_gone_and_its_activity_stays(client_of, alice):
    rule = rule_of(alice)
    fire_test(rule, alice, timezone.now())
    delete(rules_of(rule), alice, timezone.now())
    client_of(alice).post("/rules/bin/do/", {"rule": str(rule.pk), "do": "delete"})
    assert not AutomationRule.binned.exists()
    assert [each.rule for each in ActivityEntry.objects.all()] == [None] * 3  # test, deletion, deletion for good


def test_many_are_deleted_but_not_those_of_a_file(client_of, alice):
    mine, kept = rule_of(alice), rule_of(alice, rule_name="kept", provisioned_by="team.yaml", uid="kept")
    picked = {"action": "delete_selected", "_selected_action": [str(mine.pk), str(kept.pk)], "post": "yes"}
    client_of(alice).post("/rules/", picked)
    assert list(AutomationRule.objects.all()) == [kept]


def test_the_bin_is_emptied_after_thirty_days(alice, now):
    old, young = rule_of(alice), rule_of(alice, rule_name="young")
    delete(rules_of(old), alice, now - 31 * DAY)
    delete(rules_of(young), alice, now - 29 * DAY)
    assert empty_bin(now) == 1
    assert AutomationRule.binned.get() == young
    assert undelete(AutomationRule.binned.all(), alice, now) == 1


def test_a_binned_rule_is_not_evaluated(alice):
    now = timezone.now()
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90)
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=now)
    delete(rules_of(rule), alice, now)
    assert dispatch(now, "command").triggered == 0


# -- others, and programs ------------------------------------------------------------------------------


def test_bob_can_do_nothing_with_a_rule_of_alice(client_of, alice, bob, audra):
    rule = rule_of(alice)
    for verb in ("clone", "publish", "test", "restore"):
        assert client_of(bob).post(f"/rules/{rule.pk}/{verb}/").status_code == 404
        assert client_of(audra).post(f"/rules/{rule.pk}/{verb}/").status_code == 403
    delete(rules_of(rule), alice, timezone.now())
    client_of(bob).post("/rules/bin/do/", {"rule": str(rule.pk), "do": "undelete"})
    assert AutomationRule.binned.exists()
    assert rule.rule_name not in client_of(bob).get("/rules/bin/").content.decode()


def test_the_same_by_rest(alice, bob, twice):
    program = Program(alice)
    copied = program.post(f"rules/{twice.pk}/clone/", status=201)
    assert (copied["status"], copied["threshold_value"]) == ("draft", 60)
    assert program.post(f"rules/{copied['id']}/publish/")["status"] == "active"
    program.post(f"rules/{copied['id']}/publish/", status=409)
    assert program.post(f"rules/{twice.pk}/test-fire/")["event_type"] == "rule_test"
    versions = program.get(f"rules/{twice.pk}/versions/")["results"]
    assert [(found["version"], found["kind"]) for found in versions] == [(2, "changed"), (1, "created")]
    assert {"field": "threshold_value", "name": "threshold", "old": "70", "new": "60"} in versions[0]["changes"]
    assert program.post(f"rules/{twice.pk}/restore/", {"version": 1})["threshold_value"] == 70
    assert "version" in program.post(f"rules/{twice.pk}/restore/", {"version": 99}, status=400)
    program.delete(f"rules/{twice.pk}/", status=204)
    assert [found["id"] for found in program.get("rules/bin/")["results"]] == [str(twice.pk)]
    Program(bob).post(f"rules/{twice.pk}/undelete/", status=404)
    assert program.post(f"rules/{twice.pk}/undelete/")["status"] == "paused"


def test_rules_are_found_by_their_labels(client_of, alice):
    rule_of(alice, rule_name="Database", labels={"team": "db"})
    rule_of(alice, rule_name="Front", labels={"team": "web"})
    rule_of(alice, rule_name="Plain")
    program = Program(alice)
    for requested, names in (("team", ["Database", "Front"]), ("team:db", ["Database"]), ("team:none", [])):
        assert [found["rule_name"] for found in program.get(f"rules/?label={requested}")["results"]] == names
    page = client_of(alice).get("/rules/?label=team:db").content.decode()
    assert "Database" in page
    assert "Front" not in page
