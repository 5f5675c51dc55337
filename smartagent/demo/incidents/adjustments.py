"""Adjustments of sync intervals: one makes it worse and is rolled back, one changes nothing that matters, and one is
followed by too few readings."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from rules.models import Integration
from smartagent.demo.incidents.stage import HOUR, MINUTE, Stage, copy_samples, every, make_rule, respond, write_sample
from smartagent.demo.replay import Happening
from smartagent.models import User

LATE, QUEUE, BACKUP = "Trello data are late", "Sendgrid queue is long", "Backup of Outlook takes long"
LIMITED_BELOW = 15  # minutes: a shorter interval, and Trello limits the requests


def trello(stage: Stage, dice: Random) -> list[Happening]:
    """Synchronising Trello more often meets its limit of requests: the data are later than before."""
    jonas, bjorn = stage.person("Jonas Weber"), stage.operators[1]
    integration = stage.connected("Jonas Weber", "trello")
    _rule(jonas, LATE, "data_age_minutes > 25", "trello", -5, stage.start)
    begin, applied, undone = (stage.end - hours * HOUR for hours in (90, 63, 38))

    def age(at: datetime) -> float:
        limited = _minutes(integration) < LIMITED_BELOW
        usual = begin <= at < undone + 4 * HOUR
        return dice.gauss(46 if limited else 29 if usual else 17, 1.5)

    note = "Trello answers 429 Too Many Requests at ten minutes; its boards are archived instead."
    return _played(stage, begin, jonas, ("data_age_minutes", "trello"), age, [
        Happening(applied, lambda: respond("apply", LATE, jonas, bjorn, applied)),
        Happening(undone, lambda: respond("roll_back", LATE, jonas, bjorn, undone, note)),
    ])  # fmt: skip


def sendgrid(stage: Stage, dice: Random) -> list[Happening]:
    """The queue of Sendgrid does not depend on how often it is synchronised, so the next proposal is dismissed."""
    lucia, (amara, bjorn) = stage.person("Lucía Herrera"), stage.operators
    stage.connected("Lucía Herrera", "sendgrid")
    _rule(lucia, QUEUE, "queue_depth > 40", "sendgrid", 15, stage.start)
    begin, applied, dismissed, over = (stage.end - hours * HOUR for hours in (100, 72, 46, 20))

    def depth(at: datetime) -> float:
        return max(dice.gauss(52 if begin <= at < over else 14, 4), 0.0)

    note = "A longer interval made no difference. The provider has been asked."
    return _played(stage, begin, lucia, ("queue_depth", "sendgrid"), depth, [
        Happening(applied, lambda: respond("apply", QUEUE, lucia, amara, applied)),
        Happening(dismissed, lambda: respond("dismiss", QUEUE, lucia, bjorn, dismissed, note)),
    ])  # fmt: skip


def outlook(stage: Stage, dice: Random) -> list[Happening]:
    """There is one backup a day, so that a day after the change there is one reading."""
    keiko, amara = stage.person("Keiko Mori"), stage.operators[0]
    stage.connected("Keiko Mori", "outlook")
    _rule(keiko, BACKUP, "backup_minutes > 60", "outlook", 30, stage.start)
    begin, applied = stage.end - 76 * HOUR, stage.end - 50 * HOUR
    if not stage.has_room_for(begin):
        return []
    nightly = every(24 * HOUR, begin - 27 * 24 * HOUR, stage.end, lambda at: write_sample(
        keiko, "backup_minutes", "outlook", dice.gauss(74 if begin <= at < applied else 48, 3), at))  # fmt: skip
    respond_at = Happening(applied, lambda: respond("apply", BACKUP, keiko, amara, applied))
    return [*(one for one in nightly if one.at >= stage.start), respond_at]


def _rule(owner: User, name: str, condition: str, service: str, step: int, at: datetime) -> None:
    options: dict[str, Any] = {
        "parameter": "sync_interval", "name": service, "step": step, "lowest": 10, "highest": 60,
        "optimization_type": "manual",
    }  # fmt: skip
    make_rule(owner, name, condition, "adjust", at, target_integration=service, repeat_every=24 * HOUR,
              action_config=options)  # fmt: skip


def _played(
    stage: Stage,
    begin: datetime,
    person: User,
    series: tuple[str, str],
    value: Callable[[datetime], float],
    responses: list[Happening],
) -> list[Happening]:
    """The readings every half hour: those before `begin` are written now, the others by the state at their time."""
    if not stage.has_room_for(begin):
        return []
    steps = range(int((begin - stage.start) / (30 * MINUTE)))
    before = (begin - (step + 1) * 30 * MINUTE for step in steps)
    copy_samples([(person.pk, *series, round(value(at), 2), at) for at in before])
    return [*every(30 * MINUTE, begin, stage.end, lambda at: write_sample(person, *series, value(at), at)), *responses]


def _minutes(integration: Integration) -> int:
    config = Integration.objects.values_list("config", flat=True).get(pk=integration.pk)
    return int(config["sync_interval_minutes"])
