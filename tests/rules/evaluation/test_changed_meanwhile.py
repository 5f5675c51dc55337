"""Rules and people that are changed or deleted while a tick runs."""

import pytest
from django.db import connection

from notifications.actions import Alert
from notifications.models import Notification
from rules.evaluation import dispatcher, transitions
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule, DispatchRun, RuleState
from smartagent.models import User
from tests.entries import change_entries
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def before(monkeypatch):
    """Do something just before a step of the dispatcher."""

    def do_before(name, do):
        step = getattr(dispatcher, name)

        def done(*args, **kwargs):
            do()
            return step(*args, **kwargs)

        monkeypatch.setattr(dispatcher, name, done)

    return do_before


def pause_all():
    AutomationRule.objects.update(status="paused")


def test_a_rule_that_is_deleted_before_it_is_recorded(alice, now, before):
    gone = rule_of(alice, "cpu", ">", 90, "log")
    rule_of(alice, "cpu", ">", 80, "log")
    sample(alice, 95, now)
    before("record", gone.delete)
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.succeeded) == ("completed", 1, 1)


def test_a_person_who_is_deleted_before_they_are_recorded(alice, bob, olga, now, before):
    rule_of(olga, "cpu", ">", 90, "log", applies_to="everyone")
    sample(None, 95, now)
    before("record", bob.delete)
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.succeeded) == ("completed", 2, 2)


def test_a_rule_that_is_deleted_in_the_midst_of_its_chunk(alice, now, monkeypatch):
    gone = rule_of(alice, "cpu", ">", 90, "log")
    rule_of(alice, "cpu", ">", 80, "log")
    sample(alice, 95, now)
    copy_rows, other = transitions.copy_rows, connection.copy()

    def delete_and_copy(*args):
        with other.cursor() as cursor:
            cursor.execute("DELETE FROM automation_rules WHERE id = %s", [gone.pk])
        return copy_rows(*args)

    monkeypatch.setattr(transitions, "copy_rows", delete_and_copy)
    run = dispatch(now, "command")
    other.close()
    assert (run.outcome, run.triggered, run.succeeded) == ("completed", 1, 1)


def test_a_rule_that_is_paused_before_it_is_recorded(alice, now, before):
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    before("record", pause_all)
    assert dispatch(now, "command").triggered == 0
    assert not RuleState.objects.exists()


@pytest.mark.parametrize(
    ("stop", "cause"),
    [
        (pause_all, "The rule was paused before its action was executed."),
        (
            lambda: User.objects.update(is_active=False),
            "The owner of the rule was deactivated before its action was executed.",
        ),
    ],
)
def test_what_is_stopped_before_its_action_is_executed_is_skipped(alice, now, monkeypatch, stop, cause):
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    copy_rows = transitions.copy_rows

    def copy_and_stop(*args):
        copied = copy_rows(*args)
        stop()
        return copied

    monkeypatch.setattr(transitions, "copy_rows", copy_and_stop)
    run = dispatch(now, "command")
    assert (run.succeeded, run.failed) == (0, 0)
    assert not Notification.objects.exists()
    entry = ActivityEntry.objects.get()
    assert (entry.status, entry.error_message) == ("skipped", cause)


def test_a_rule_that_was_paused_before_its_action_acts_when_it_is_activated(alice, now):
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    dispatch(now, "command")
    change_entries(ActivityEntry.objects, status="pending", executed_at=None)
    RuleState.objects.update(last_notified_at=None)
    pause_all()
    dispatch(now + minutes(5), "command")
    AutomationRule.objects.update(status="active")
    assert dispatch(now + minutes(10), "command").succeeded == 1


def test_a_rule_that_is_deleted_before_its_action_is_executed_fails_in_words(alice, now):
    rule = rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    dispatch(now, "command")
    change_entries(ActivityEntry.objects, status="pending", executed_at=None)
    rule.delete()
    assert dispatch(now + minutes(5), "command").failed == 1
    assert ActivityEntry.objects.get().error_message == "The rule was deleted before its action was executed."


def test_rules_of_who_may_not_sign_in_any_more_rest(alice, now):
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    dispatch(now, "command")
    User.objects.update(is_active=False)
    run = dispatch(now + minutes(300), "command")
    assert (run.rules_evaluated, run.triggered) == (0, 0)
    assert not RuleState.objects.firing().exists()


def test_who_is_killed_while_actions_run_has_stored_nothing_and_the_next_evaluation_decides_again(
    alice, now, monkeypatch
):
    rule_of(alice, "cpu", ">", 90, "alert")
    sample(alice, 95, now)
    execute = Alert.execute

    def killed(self, firings):
        execute(self, firings)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Alert, "execute", killed)
        with pytest.raises(KeyboardInterrupt):
            dispatch(now, "command")
    assert DispatchRun.objects.get().outcome == "failed"
    assert not ActivityEntry.objects.exists()
    assert not RuleState.objects.exists()
    run = dispatch(now + minutes(1), "command")
    assert (run.triggered, run.succeeded, Notification.objects.count()) == (1, 1, 1)
    assert ActivityEntry.objects.get().status == "success"


def test_a_run_that_is_interrupted_says_so_at_once(alice, now, before):
    rule_of(alice, "cpu", ">", 90, "alert")

    def interrupt():
        raise KeyboardInterrupt

    before("record", interrupt)
    with pytest.raises(KeyboardInterrupt):
        dispatch(now, "command")
    run = DispatchRun.objects.get()
    assert (run.outcome, run.error_message) == ("failed", "KeyboardInterrupt")
    with connection.copy().cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [dispatcher.EVALUATION_LOCK])
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [dispatcher.EVALUATION_LOCK])
