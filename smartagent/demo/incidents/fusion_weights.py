"""The fusion weights of a person are out of balance: the score falls until they are adjusted, twice."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from optimizer.fusion.history import KIND
from optimizer.models import FusionMetric
from optimizer.operations.fusion_scores import metrics_of, score_of
from rules.instances.handling import acknowledge, comment_on
from rules.models import FusionScore, MetricSample
from smartagent.demo.incidents.stage import HOUR, MINUTE, Stage, alerts, every, make_rule, respond
from smartagent.demo.replay import Happening
from smartagent.models import User

NAME, RULE, LOW = "Elif Yılmaz", "Fusion weights are out of balance", "Fusion score is low"
# Metric: weight, value, how much it varies, and its value during the incident.
METRICS = {"mail_volume": (0.5, 0.8, 0.15, 0.2), "meetings": (0.25, 0.85, 0.02, 0.85), "tasks": (0.25, 0.9, 0.02, 0.9)}


def happenings(stage: Stage, dice: Random) -> list[Happening]:
    """Return what happens; scores are computed from the weights as they are at the time."""
    elif_, (amara, bjorn), begin = stage.person(NAME), stage.operators, stage.end - 110 * HOUR
    make_rule(elif_, RULE, "fusion_score < 62", "optimize", stage.start, severity="medium", repeat_every=12 * HOUR,
              action_config={"optimization_type": "manual"})  # fmt: skip
    _make_metrics(elif_, stage.start, stage.end, dice)
    room = stage.has_room_for(begin)
    _write_scores(elif_, stage.start, begin if room else stage.end, dice)
    if not room:
        return []
    low, applied, again = alerts(LOW, elif_), stage.end - 84 * HOUR, stage.end - 55 * HOUR
    return [
        Happening(begin, lambda: _shift(elif_, 3)),
        *every(HOUR, begin + HOUR, stage.end, lambda at: _score(elif_, at, dice)),
        Happening(begin + 100 * MINUTE, lambda: acknowledge(
            low, bjorn, begin + 100 * MINUTE, begin + 30 * HOUR, "Mail counts for half of the score, and varies.")),
        Happening(begin + 3 * HOUR, lambda: comment_on(
            low, elif_, begin + 3 * HOUR, "My meetings and tasks are as before. Only the mail fell.")),
        Happening(applied, lambda: respond("apply", RULE, elif_, bjorn, applied)),
        Happening(again, lambda: respond("apply", RULE, elif_, amara, again)),
        Happening(stage.end - 28 * HOUR, lambda: _shift(elif_, 1)),
    ]  # fmt: skip


def _make_metrics(person: User, start: datetime, end: datetime, dice: Random) -> None:
    """The components of the score, and how they varied every six hours of the month."""
    FusionMetric.objects.bulk_create(
        FusionMetric(
            user=person, metric_name=name, metric_type="average", weight=Decimal(str(weight)),
            normalized_value=Decimal(str(value)), created_at=start, synced_at=start,
        )
        for name, (weight, value, _, _) in METRICS.items()
    )  # fmt: skip
    count = (end - start) // timedelta(hours=6)
    MetricSample.objects.push_all(
        {
            "user": person, "metric": KIND, "target": name, "value": min(max(dice.gauss(value, spread), 0.0), 1.0),
            "observed_at": start + step * timedelta(hours=6),
        }
        for name, (_, value, spread, _) in METRICS.items()
        for step in range(count)
    )  # fmt: skip


def _shift(person: User, place: int) -> None:
    """Set the values of the components to those before (1) or during (3) the incident."""
    for name, values in METRICS.items():
        FusionMetric.objects.filter(user=person, metric_name=name).update(normalized_value=Decimal(str(values[place])))


def _write_scores(person: User, start: datetime, end: datetime, dice: Random) -> None:
    """Write the hourly scores of a time in which nothing changes."""
    usual = float(score_of(metrics_of(person.pk), {}) or 0)
    times = [start + hour * HOUR for hour in range(int((end - start) / HOUR) + 1)]
    FusionScore.objects.bulk_create(_score_row(person, usual, at, dice) for at in times)


def _score(person: User, at: datetime, dice: Random) -> None:
    """Write a score as the platform computes it: by the weights that are stored now."""
    _score_row(person, float(score_of(metrics_of(person.pk), {}) or 0), at, dice).save(force_insert=True)


def _score_row(person: User, score: float, at: datetime, dice: Random) -> FusionScore:
    noisy = Decimal(str(round(score + dice.gauss(0, 0.7), 1)))
    return FusionScore(user=person, fusion_score=noisy, calculated_at=at, created_at=at, updated_at=at)
