"""The preview of a rule on past readings, by the code of the dispatcher."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

from rules.backtesting.chart_data import ChartData, Point
from rules.backtesting.chart_points import chart_of, chart_of_instance
from rules.backtesting.inputs import watch_past_of
from rules.backtesting.instances import on_series, series_keys
from rules.backtesting.observations import RuleConditions
from rules.backtesting.replay import Period, Replay, replay
from rules.backtesting.simulation import SimulatedStep
from rules.data_sources.history import history_within
from rules.engine.conditions import Reducer
from rules.engine.series_choice import SeriesMode
from rules.models import AutomationRule
from rules.registries import metrics
from rules.storage.rollup_series import dropped_until, series_of_person
from rules.text.aggregation import aggregated
from rules.text.phrases import begun, metric_name
from smartagent.kernel.formats import counted
from smartagent.models import User

BACKTEST_DAYS = (1, 7, 30)
MAX_BACKTEST_PEOPLE = 300  # people in the selection
NOTIFYING_ACTIONS = ("alert", "notify")


class ComputedFrom(models.TextChoices):
    """What a backtest is made of; roll-ups only where the result is that of the samples."""

    SAMPLES = "samples", "stored readings"
    ROLLUPS = "rollups_5m", "roll-ups of 5 minutes"
    DATA_SOURCE = "data_source", "the data source of the query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The preview of a rule: the readings of one person, the periods in which it fires, and the counts.

    `transitions` are of that person; `counted` covers all people who were counted. `is_queried`: the readings are those
    of a data source. `dropped_until`: until then only roll-ups of hours and days are kept, and nothing was computed.
    """

    start: datetime
    end: datetime
    days: int
    label: str
    heading: str
    person: User
    chart: ChartData
    periods: list[Period]
    transitions: list[SimulatedStep]
    counted: Replay
    sentence: str
    people: list[User] = field(default_factory=list)
    is_queried: bool = False
    dropped_until: datetime | None = None

    @property
    def computed_from(self) -> ComputedFrom:
        """What the transitions and counts were computed from."""
        if self.is_queried:
            return ComputedFrom.DATA_SOURCE
        return ComputedFrom.ROLLUPS if self.counted.of_rollups else ComputedFrom.SAMPLES

    @property
    def points(self) -> list[Point]:
        """The points of the chart."""
        return self.chart.points


def try_out(rule: AutomationRule, days: int, now: datetime, asked: UUID | None = None, *, everybody: bool) -> Trial:
    """Preview `rule`, saved or not, over the last `days`. For a rule on everyone, `asked` is the person whose readings
    are shown, else the one it fires for most; all people are counted only with `everybody`. ValueError where a
    condition cannot be read, or a data source does not give its history."""
    with history_within():
        return _tried_out(rule, days, now, asked, everybody=everybody)


def _tried_out(rule: AutomationRule, days: int, now: datetime, asked: UUID | None, *, everybody: bool) -> Trial:
    start = now - timedelta(days=days)
    watched, broad = watch_past_of(rule), rule.applies_to == AutomationRule.AppliesTo.EVERYONE
    whole = replay(rule, start, now) if broad and everybody else None
    people = _people(whole) if whole else []
    person = _shown(rule, asked, people) if broad else rule.user
    dropped = None if rule.watches_series else _dropped_until(watched, person, start, now)
    one = replay(rule, dropped or start, now, person.pk if broad else None)
    label = _label(rule)
    if rule.watches_series:
        return _of_series(rule, days, start, now, person, one, whole or one, people)
    return Trial(
        start=start, end=now, days=days, label=label, person=person, chart=chart_of(watched, person.pk, start, now),
        heading=begun(label, rule.metric_type), periods=one.periods, transitions=one.transitions, counted=whole or one,
        sentence=_sentence(rule, days, one, whole, person if broad else None), people=people,
        is_queried=rule.metric_type in watched.queries, dropped_until=dropped,
    )  # fmt: skip


def _dropped_until(watched: RuleConditions, person: User, start: datetime, now: datetime) -> datetime | None:
    """Until when the readings of the person were dropped, of the first series that had some."""
    first = watched.conditions[0]
    if first.metric in metrics or first.metric in watched.queries:
        return None
    found = (dropped_until(series, start, now) for series in series_of_person(person.pk, *first.key))
    return next((until for until in found if until), None)


def _of_series(
    rule: AutomationRule, days: int, start: datetime, now: datetime, person: User, one: Replay, whole: Replay,
    people: list[User],
) -> Trial:  # fmt: skip
    """The preview of a rule on series: the chart is that of the one for which it fires most often."""
    watched, times_of = watch_past_of(rule), Counter(period.target for period in one.periods)
    keys = series_keys(rule, person.pk, start, now)
    target, total = times_of.most_common(1)[0][0] if times_of else min(keys, default=""), len(keys)
    return Trial(
        start=start, end=now, days=days, person=person, label=_label(rule, target), counted=whole, people=people,
        chart=chart_of_instance(rule, person.pk, target, start, now),
        heading=begun(_label(rule, target), rule.metric_type),
        periods=[period for period in one.periods if period.target == target],
        transitions=[made for made in one.transitions if made.target == target],
        sentence=series_sentence(rule, days, one, person, target, total),
        is_queried=rule.metric_type in watched.queries,
        dropped_until=_dropped_until(on_series(watched, target), person, start, now),
    )  # fmt: skip


def series_sentence(rule: AutomationRule, days: int, one: Replay, person: User, target: str, total: int) -> str:
    """In the last 7 days this rule would have fired 12 times for 3 of 40 series, notified 5 times."""
    time = "In the last 24 hours" if days == 1 else f"In the last {days} days"
    acted = "notified" if rule.action_type in NOTIFYING_ACTIONS else "acted"
    things = "series" if rule.series_mode == SeriesMode.EACH else "groups"
    if not total:
        return f"The rule matches no series of {person}."
    looked = f"the first {one.evaluated:,} of {total:,}" if total > one.evaluated else f"{total:,}"
    of = f" for {one.people:,} of {looked} {things}" if one.fired else f" for any of {looked} {things}"
    return f"{time} this rule would {_times(one, of, acted)}. The chart shows {target or 'the series without labels'}."


def _shown(rule: AutomationRule, asked: UUID | None, people: list[User]) -> User:
    if asked and (found := User.objects.filter(pk=asked, is_active=True).first()):
        return found
    return people[0] if people else rule.user


def _people(whole: Replay) -> list[User]:
    """Those whom it fires for, most often first, then the others by name."""
    times = Counter(period.person for period in whole.periods)
    found = list(
        User.objects.filter(pk__in=[key for key, _ in times.most_common(MAX_BACKTEST_PEOPLE) if key], is_active=True)
    )
    worst = sorted(found, key=lambda person: -times[person.pk])
    others = User.objects.filter(is_active=True).exclude(pk__in=[person.pk for person in worst])
    return [*worst, *others.order_by("full_name", "email")[: MAX_BACKTEST_PEOPLE - len(worst)]]


def _label(rule: AutomationRule, target: str | None = None) -> str:
    target = target or rule.target_integration
    name = metric_name(rule.metric_type) + (f" on {target}" if target else "")
    if rule.reducer == Reducer.UNUSUAL:
        return name  # the chart shows the readings, beside what is usual
    return aggregated(rule.reducer, name, "the window", rule.reducer_parameter)


def _sentence(rule: AutomationRule, days: int, one: Replay, whole: Replay | None, person: User | None) -> str:
    """In the last 7 days this would have fired 12 times for 3 people, notified 5 times."""
    time = "In the last 24 hours" if days == 1 else f"In the last {days} days"
    acted = "notified" if rule.action_type in NOTIFYING_ACTIONS else "acted"
    if whole is None:
        of = f" for {person}" if person else ""
        return f"{time} this rule would {_times(one, of, acted)}."
    of = f" for {counted(whole.people, 'person', 'people')}"
    summary = f"{time} this rule would {_times(whole, of if whole.fired else ' for anyone', acted)}."
    return f"{summary} For {person} (in the chart), it would {_times(one, '', acted)}."


def _times(found: Replay, of: str, acted: str) -> str:
    if not found.fired and not found.notified:
        return f"not have fired{of}"
    return f"have fired {times(found.fired)}{of}, {acted} {times(found.notified)}"


def times(count: int) -> str:
    """The count as `once`, `12 times`."""
    return {0: "never", 1: "once"}.get(count, f"{count:,} times")


def as_json(trial: Trial) -> dict[str, Any]:
    """The data of the chart; times are milliseconds."""
    return {
        "start": _ms(trial.start), "end": _ms(trial.end), "label": trial.label, "steps": trial.chart.in_steps,
        "person": str(trial.person.pk), "points": [[_ms(time), value] for time, value in trial.points],
        "usual": trial.chart.usual_as_json(),
        "periods": [[_ms(p.start), _ms(p.end) if p.end else None, p.critical] for p in trial.periods],
        "people": [[str(person.pk), str(person)] for person in trial.people],
    }  # fmt: skip


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
