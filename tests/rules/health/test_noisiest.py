"""Who tells the most, counted from what the dispatcher wrote."""

from datetime import timedelta

from rules.evaluation.dispatcher import dispatch
from rules.health.noisiest import Noise, noise_of, noisiest
from rules.models import AutomationRule
from tests.rules.health.conftest import DAY
from tests.rules.rule_cast import entry_of, rule_of

TICK = timedelta(minutes=5)


def ticks(values, start, push, user, apart=TICK):
    """Push a value before each tick and evaluate."""
    for number, value in enumerate(values):
        at = start + number * apart
        push(user, at, value=value)
        dispatch(at, "command")


def rule_on_cpu(user, **fields):
    return rule_of(
        user, **{"metric_type": "cpu", "condition_operator": ">", "threshold_value": 25, "repeat_every": TICK} | fields
    )


def test_what_the_dispatcher_wrote(alice, now, pushed):
    noisy = rule_on_cpu(alice, rule_name="Loud")
    quiet = rule_on_cpu(alice, rule_name="Quiet", threshold_value=60)
    silent = rule_on_cpu(alice, rule_name="Silent", action_type="log")
    ticks([30, 30, 10, 70, 10], now - timedelta(hours=1), pushed, alice)
    assert [(each.name, each.noise.notified_week, each.noise.fired_week) for each in noisiest(alice, now)] == [
        ("Loud", 3, 2), ("Quiet", 1, 1), ("Silent", 0, 2),
    ]  # fmt: skip
    assert noise_of(noisy.pk, now) == Noise(3, 3, 2, 2)
    assert noise_of(quiet.pk, now).notified_week == 1
    assert noise_of(silent.pk, now) == Noise(0, 0, 2, 2)


def test_the_last_seven_or_thirty_days(alice, now):
    lately, before = rule_of(alice, rule_name="Lately"), rule_of(alice, rule_name="Before")
    entry_of(lately, now - DAY)
    for ago in (8, 20, 31):
        entry_of(before, now - ago * DAY)
    entry_of(before, now - DAY, status="failed", event_type="rule_repeated")  # told nobody
    assert [each.name for each in noisiest(alice, now, 7)] == ["Lately"]
    assert [(each.name, each.noise.notified(30)) for each in noisiest(alice, now, 30)] == [("Before", 2), ("Lately", 1)]
    assert noise_of(before.pk, now) == Noise(0, 2, 0, 2)


def test_ten_at_most_and_only_of_whom_one_sees(alice, bob, olga, now):
    for number in range(12):
        entry_of(rule_of(alice, rule_name=f"No. {number}"), now - DAY)
    entry_of(rule_of(bob), now - DAY)
    assert len(noisiest(olga, now)) == 10
    assert len(noisiest(bob, now)) == 1
    AutomationRule.objects.filter(user=bob).update(deleted_at=now)
    assert noisiest(bob, now) == []
