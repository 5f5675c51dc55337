"""A replay of a rule over the stored readings: what it would have done, and for whom."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import connection

from rules.backtesting.inputs import moments_between, timing_of, watch_of, watch_past_of
from rules.backtesting.instances import instances_of, watch_instance
from rules.backtesting.observations import Condition, Key, RuleConditions, watch
from rules.backtesting.rolled_replay import is_rollable, rolled_of_keys, rolled_readings
from rules.backtesting.rolled_series import RollupsDoNotDecide
from rules.backtesting.series import reach, readings, series_of_keys
from rules.backtesting.simulation import Silent, SimulatedStep, play
from rules.backtesting.sql_replay import runs, seen_in
from rules.engine.reducers import Series, series_of
from rules.engine.series_choice import SeriesMode
from rules.engine.states import Event
from rules.models import AutomationRule
from rules.registries import metrics
from rules.silences.matchers import between, windows_for
from smartagent.models import User

log = structlog.get_logger(__name__)
MAX_REPLAYED_TRANSITIONS = 5000  # transitions
MAX_PEOPLE_OF_SERIES = 100  # whose series are replayed
EPISODE_STARTS = frozenset({Event.FIRED.value, Event.FLAPPING.value})


@dataclass(frozen=True, slots=True)
class Period:
    """A time during which a rule fires for a person; `end` is None where it still fires at the end."""

    person: UUID | None
    start: datetime
    end: datetime | None
    critical: bool = False
    target: str = ""


@dataclass(slots=True)
class Replay:
    """What a rule would have done: how often it fired and acted, for how many people, and when; `of_rollups` where that
    was found from roll-ups, not from the readings.

    Only the first transitions and periods are `kept`; the counts include all.
    """

    kept: int = MAX_REPLAYED_TRANSITIONS
    fired: int = 0
    notified: int = 0
    evaluated: int = 0
    people: int = 0
    of_rollups: bool = False
    transitions: list[SimulatedStep] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)

    def add(self, person: UUID | None, steps: Iterator[SimulatedStep], target: str = "") -> None:
        """Count the transitions of one instance."""
        opened: SimulatedStep | None = None
        self.evaluated += 1
        before, episode = self.fired, 0
        for made in steps:
            transition = made.transition
            self.fired += transition.event in EPISODE_STARTS and transition.episode > episode
            episode = transition.episode
            self.notified += transition.acts
            if len(self.transitions) < self.kept:
                self.transitions.append(replace(made, person=person, target=target))
            if opened is None and transition.state.fires:
                opened = made
            elif opened is not None and not transition.state.fires:
                self._close(person, opened, made.at, target)
                opened = None
        if opened is not None:
            self._close(person, opened, None, target)
        self.people += self.fired > before

    def _close(self, person: UUID | None, opened: SimulatedStep, end: datetime | None, target: str) -> None:
        if len(self.periods) < self.kept:
            self.periods.append(Period(person, opened.at, end, opened.transition.state.critical, target))


class SilencedAt:
    """The silences of a rule, by person, loaded in one query."""

    def __init__(self, rule: AutomationRule, start: datetime, end: datetime) -> None:
        self.rule, self.start, self.end, self.among = rule, start, end, between(start, end)
        self.named = {silence.person_id for silence in self.among}
        self.found: dict[tuple[UUID | None, str], list[Silent]] = {}

    def of(self, person: UUID, target: str = "") -> list[Silent]:
        """The silenced windows of the instance of `person` on `target`; shared by all people that no silence names."""
        key = (person if person in self.named else None, target)
        if key not in self.found:
            spans = windows_for(self.rule, person, self.start, self.end, self.among, target) if self.among else []
            self.found[key] = [Silent(*span) for span in spans]
        return self.found[key]


def replay(
    rule: AutomationRule,
    start: datetime,
    end: datetime,
    person: UUID | None = None,
) -> Replay:
    """What `rule`, saved or not, would have done after `start` and up to `end`, for everybody it watches or for
    `person`.

    Silences and repeat intervals count; every action is assumed to succeed. ValueError where a condition of the rule
    cannot be read.
    """
    watched = watch_past_of(rule)
    in_groups = rule.watches_series and rule.series_mode != SeriesMode.EACH
    if is_rollable(watched, start, end, in_groups=in_groups):
        try:
            return _replayed(rule, watched, start, end, person, of_rollups=True)
        except RollupsDoNotDecide:
            log.info("backtest reads samples", rule=str(rule.pk))
    return _replayed(rule, watched, start, end, person, of_rollups=False)


def _replayed(
    rule: AutomationRule, watched: RuleConditions, start: datetime, end: datetime, person: UUID | None, *,
    of_rollups: bool,
) -> Replay:  # fmt: skip
    found, moments, timing = Replay(of_rollups=of_rollups), moments_between(start, end), timing_of(rule)
    if not moments:
        return found
    quiet = SilencedAt(rule, start, end)
    if rule.watches_series:
        read = partial(rolled_of_keys, conditions=watched.conditions) if of_rollups else series_of_keys
        for somebody in [person] if person else _people(rule)[:MAX_PEOPLE_OF_SERIES]:
            for one in instances_of(rule, somebody, start, end, read=read).listing:
                steps = play(watch_instance(one, moments), moments, timing, quiet.of(somebody, one.target))
                found.add(somebody, _with_values(steps, one.watched, one.own, one.platform), one.target)
        return found
    if person is None and _runs_suffice(rule, watched):
        span = reach(watched, start, end)
        for somebody, edges in runs(watched.conditions[0], *span, _oldest(watched), of_rollups=of_rollups):
            seen = seen_in(edges, moments, _oldest(watched))
            found.add(somebody, play(seen, moments, timing, quiet.of(somebody)))
        found.evaluated = User.objects.filter(is_active=True).count()
        return found
    people, read_all = [person] if person else _people(rule), rolled_readings if of_rollups else readings
    for somebody, own, platform in read_all(watched, people, start, end):
        steps = play(watch(watched, own, platform, moments), moments, timing, quiet.of(somebody))
        found.add(somebody, _with_values(steps, watched, own, platform))
    return found


def replay_samples(rule: AutomationRule, samples: Sequence[tuple[datetime, float]]) -> Replay:
    """What `rule` would have done over (time, value) pairs, oldest first, used for every metric it watches; no
    database.

    One evaluation every five minutes from the first to the last pair. ValueError where a condition cannot be read.
    """
    found, watched = Replay(kept=sys.maxsize), watch_of(rule)  # of one instance: all of them
    keys = {condition.key for condition in watched.conditions}
    own = {key: series_of(samples, held=key[0] in metrics) for key in keys}
    moments = moments_between(samples[0][0] - timedelta(microseconds=1), samples[-1][0])
    steps = play(watch(watched, own, {}, moments), moments, timing_of(rule))
    found.add(None, _with_values(steps, watched, own, {}))
    return found


def _with_values(
    steps: Iterator[SimulatedStep], watched: RuleConditions, own: Mapping[Key, Series], platform: Mapping[Key, Series]
) -> Iterator[SimulatedStep]:
    first = replace(watched, conditions=watched.conditions[:1])
    for made in steps:
        yield replace(made, value=first.evaluate(own, platform, made.at)[0].value)


def _runs_suffice(rule: AutomationRule, watched: RuleConditions) -> bool:
    condition: Condition = watched.conditions[0]
    if rule.applies_to != AutomationRule.AppliesTo.EVERYONE or not rule.is_simple:
        return False
    if condition.metric in metrics or condition.metric in watched.queries:
        return False
    return rule.no_data_policy != AutomationRule.NoDataPolicy.FIRE and not _has_platform(condition)


def _has_platform(condition: Condition) -> bool:
    sql = "SELECT EXISTS (SELECT FROM metric_series WHERE user_id IS NULL AND metric = %s AND target = %s)"
    with connection.cursor() as cursor:
        cursor.execute(sql, [condition.metric, condition.target])
        return bool(cursor.fetchone()[0])


def _people(rule: AutomationRule) -> list[UUID]:
    if rule.applies_to != AutomationRule.AppliesTo.EVERYONE:
        return [rule.user_id]
    return list(User.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True))


def _oldest(watched: RuleConditions) -> timedelta:
    return watched.max_age[watched.conditions[0].metric] or timedelta.max


def as_dict(found: Replay) -> dict[str, Any]:
    """The replay as JSON, with transitions as `at`, `from`, `to`, `value` and `reason`."""
    return {
        "transitions": [
            {
                "at": made.at.isoformat(), "from": str(made.transition.old), "to": str(made.transition.new),
                "value": made.value, "reason": made.transition.reason,
            }
            for made in found.transitions
        ],
        "fired": found.fired, "notified": found.notified,
    }  # fmt: skip
