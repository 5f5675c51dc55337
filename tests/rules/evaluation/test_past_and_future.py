"""What an evaluation as of another time may touch: nothing that has gone further since."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, RuleState
from tests.entries import change_entries
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample

LONG_AGO = timedelta(days=300)


def test_the_past_does_not_undo_what_has_acted_again_since(alice, now):
    rule_of(alice, "cpu", ">", 90, "log", repeat_every=minutes(5))
    for at, value in ((0, 95), (3, 50), (5, 95)):
        sample(alice, value, now + minutes(at))
    dispatch(now, "command")
    dispatch(now + minutes(5), "command")
    dispatch(now + minutes(3), "command")
    assert RuleState.objects.get().condition == "firing"


def test_what_waits_to_be_done_now_is_not_done_as_of_the_past(alice, now):
    rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 95, now)
    dispatch(now, "command")
    change_entries(ActivityEntry.objects, status="pending", executed_at=None)
    assert dispatch(now - LONG_AGO, "command").succeeded == 0
    assert dispatch(now + minutes(1), "command").succeeded == 1
    assert RuleState.objects.get().last_notified_at == now + minutes(1)


@pytest.mark.parametrize(("then", "event"), [(95, "rule_repeated"), (50, "rule_resolved")])
def test_what_a_clock_of_next_year_wrote_is_not_silent_until_then(alice, then, event):
    true, year = timezone.now(), timedelta(days=365)
    rule_of(alice, "cpu", ">", 90, "log", repeat_every=minutes(5))
    sample(alice, 95, true + year)
    dispatch(true + year, "schedule")
    sample(alice, then, true)
    first = dispatch(true, "schedule")
    assert first.error_message == "The system clock had been ahead; instances reset to the current time: 1."
    second = dispatch(true + minutes(6), "schedule")
    assert second.error_message is None
    assert event in [*ActivityEntry.objects.filter(run__in=[first.pk, second.pk]).values_list("event_type", flat=True)]
    assert not RuleState.objects.filter(since__gt=true + minutes(6)).exists()


def test_a_rule_was_last_triggered_at_the_latest_time(alice, bob, olga, now):
    rule = rule_of(olga, "cpu", ">", 90, "log", applies_to="everyone")
    sample(alice, 95, now)
    dispatch(now, "command")
    RuleState.objects.filter(user=bob).delete()
    sample(bob, 95, now - minutes(60))
    dispatch(now - minutes(60), "command")
    rule.refresh_from_db()
    assert (rule.trigger_count, rule.last_triggered_at) == (2, now)


def test_a_time_to_come_is_refused(alice):
    rule_of(alice, "cpu", ">", 90, "log")
    with pytest.raises(CommandError, match="in the future"):
        call_command("dispatch", at="2126-01-01T00:00:00")
    assert not RuleState.objects.exists()


def test_the_command_says_what_the_past_left_alone(alice, now, capsys):
    rule_of(alice, "cpu", ">", 90, "log")
    dispatch(now, "command")
    call_command("dispatch", at=str(now - minutes(5)))
    assert "1 instance changed or acted after that time and was skipped" in capsys.readouterr().out
    call_command("dispatch", at=str(now + minutes(5)))
    assert "skipped" not in capsys.readouterr().out
