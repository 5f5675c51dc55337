"""The instances of a rule on series as inputs of a backtest: each with conditions and series of its own.

An instance of one series is as good as a rule on that series. The series of a group are reduced and aggregated at each
evaluation, as PostgreSQL does, and make a series of their own.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from rules.backtesting.inputs import moments_between, watch_past_of
from rules.backtesting.observations import Condition, Key, RuleConditions, watch
from rules.backtesting.series import asked_series, reach, series_of_keys
from rules.backtesting.simulation import ObservationAt
from rules.engine.label_matchers import LabelMatcher, read_matchers
from rules.engine.numeric_range import LARGEST_VALUE
from rules.engine.reducers import Series, series_of
from rules.engine.series_choice import SeriesMode
from rules.engine.series_labels import labels_of, series_key
from rules.engine.states import Observation, Verdict
from rules.models import AutomationRule
from rules.registries import metrics

MAX_BACKTEST_SERIES = 100
MAX_SERIES_LOOKED_AT = 20_000
MAX_AGGREGATED = 1_000_000  # readings of the series of groups, each at one evaluation
FIND_INSTANCE_SERIES = """
SELECT DISTINCT metric, target FROM metric_series
 WHERE metric = ANY(%(metrics)s) AND (user_id = %(person)s OR (%(platform)s AND user_id IS NULL))
 ORDER BY metric, target LIMIT %(maximum)s
"""
# Of keys, start and end, and people (None: the platform): their series, by person.
ReadSeries = Callable[[Sequence[Key], datetime, datetime, Sequence[UUID] | None], dict[UUID | None, dict[Key, Series]]]
AGGREGATE_OF_GROUP: dict[str, Any] = {
    "sum": math.fsum, "avg": lambda values: math.fsum(values) / len(values), "min": min, "max": max,
    "count": lambda values: float(len(values)),
}  # fmt: skip


class TooManyToAggregate(ValueError):
    """So many series at so many evaluations are more than can be aggregated here."""

    def __init__(self, series: int, moments: int) -> None:
        self.series, self.moments = series, moments
        super().__init__(
            f"{series:,} series at {moments:,} evaluations are more than can be aggregated here. Add matchers, or "
            f"choose a period of at most {MAX_AGGREGATED // series:,} evaluations."
        )


@dataclass(frozen=True, slots=True)
class InstanceInput:
    """One instance: its key, its conditions, and the series that these read, by key."""

    target: str
    watched: RuleConditions
    own: Mapping[Key, Series]
    platform: Mapping[Key, Series]


@dataclass(frozen=True, slots=True)
class FoundInstances:
    """The first instances of a rule for a person, and how many there are."""

    listing: Sequence[InstanceInput]
    total: int


def instances_of(
    rule: AutomationRule, person: UUID, start: datetime, end: datetime, only: str | None = None,
    read: ReadSeries = series_of_keys,
) -> FoundInstances:  # fmt: skip
    """The instances of `rule` for `person` between `start` and `end`; `only` the one with this key, where given. Groups
    are aggregated at every evaluation; `read` gives the series. ValueError where matchers or conditions cannot be read,
    or there are too many series for so many evaluations."""
    watched, matchers = watch_past_of(rule), read_matchers(rule.matchers)
    span, is_owner = reach(watched, start, end), person == rule.user_id
    asked = asked_series(watched, *span)
    asked_own, asked_platform = asked.get(person, {}), asked.get(None, {}) if is_owner else {}
    members = members_of(rule, watched, matchers, person, asked_own.keys() | asked_platform.keys())
    chosen = sorted(members) if only is None else [key for key in (only,) if key in members]
    shown = chosen[:MAX_BACKTEST_SERIES]
    moments = moments_between(start, end)
    if rule.series_mode != SeriesMode.EACH:
        _check_number(len(moments), sum(len(members[key]) for key in shown))
    keys = sorted({(metric, target) for key in shown for metric, target in members[key]} | _fixed(watched))
    own = read(keys, *span, [person]).get(person, {}) | asked_own
    platform = (read(keys, *span, None).get(None, {}) if is_owner else {}) | asked_platform
    if rule.series_mode == SeriesMode.EACH:
        listing = [InstanceInput(key, on_series(watched, key), own, platform) for key in shown]
    else:
        age = watched.interval
        listing = [group_input(rule, watched, key, members[key], own, platform, moments, age) for key in shown]
    return FoundInstances(listing, len(chosen))


def on_series(watched: RuleConditions, target: str) -> RuleConditions:
    """The conditions of the instance of one series, with the key `target`."""
    conditions = [
        replace(each, target=target) if _of_series(n, each) else each for n, each in enumerate(watched.conditions)
    ]
    return replace(watched, conditions=conditions)


def _check_number(moments: int, series: int) -> None:
    if moments * series > MAX_AGGREGATED:
        raise TooManyToAggregate(series, moments)


def series_keys(rule: AutomationRule, person: UUID, start: datetime, end: datetime) -> list[str]:
    """The keys of all instances of `rule` for `person`."""
    watched = watch_past_of(rule)
    asked = asked_series(watched, *reach(watched, start, end))
    known = asked.get(person, {}).keys() | (asked.get(None, {}).keys() if person == rule.user_id else set())
    return sorted(members_of(rule, watched, read_matchers(rule.matchers), person, known))


def watch_instance(one: InstanceInput, moments: Sequence[datetime]) -> Iterator[ObservationAt]:
    """Yield the observations of an instance at `moments`: unseen at the first evaluation at which its first condition
    has no reading, gone from the next on. What concerns the rule as a whole is no data instead."""
    whole = list(watch(one.watched, one.own, one.platform, moments))
    if not one.target:
        yield from whole
        return
    first = replace(one.watched, conditions=one.watched.conditions[:1])
    gaps = list(_gaps(list(watch(first, one.own, one.platform, moments)), len(moments)))
    edges = {each.index for each in whole} | {edge for start, end in gaps for edge in (start, start + 1, end)}
    for index in sorted(edges):
        if index < len(moments):
            yield ObservationAt(index, _observation(index, whole, gaps))


def _gaps(seen: Sequence[ObservationAt], end: int) -> Iterator[tuple[int, int]]:
    """From which evaluation to before which there is no reading."""
    for each, later in zip(seen, [*(other.index for other in seen[1:]), end], strict=True):
        if each.observation.verdict == Verdict.MISSING:
            yield each.index, later


def _observation(index: int, whole: Sequence[ObservationAt], gaps: Sequence[tuple[int, int]]) -> Observation:
    gap = next((start for start, end in gaps if start <= index < end), None)
    if gap is not None:
        return Observation(Verdict.UNSEEN if index == gap else Verdict.GONE)
    return whole[bisect_right(whole, index, key=lambda each: each.index) - 1].observation


def members_of(
    rule: AutomationRule, watched: RuleConditions, matchers: Sequence[LabelMatcher], person: UUID, asked: Set[Key]
) -> dict[str, list[Key]]:
    """The series that make each instance of the first condition, and those of the others that belong to it, by key."""
    names = sorted({condition.metric for n, condition in enumerate(watched.conditions) if _of_series(n, condition)})
    params: dict[str, Any] = {
        "metrics": names, "person": person, "platform": person == rule.user_id, "maximum": MAX_SERIES_LOOKED_AT,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(FIND_INSTANCE_SERIES, params)
        rows: list[Key] = sorted({*cursor.fetchall(), *(key for key in asked if key[0] in names)})
    found: dict[str, list[Key]] = defaultdict(list)
    whole = {metric for metric, target in rows if metric in metrics and target}
    for metric, target in rows:
        labels = labels_of(target)
        if all(each.matches(labels) for each in matchers) and (target or metric not in whole):
            found[_key(rule, labels, target)].append((metric, target))
    first = watched.conditions[0].metric
    return {key: keys for key, keys in found.items() if any(metric == first for metric, _ in keys)}


def _key(rule: AutomationRule, labels: Mapping[str, str], target: str) -> str:
    if rule.series_mode == SeriesMode.EACH:
        return target
    names = rule.group_by if isinstance(rule.group_by, list) else []
    return series_key({name: labels[name] for name in names if name in labels})


def _of_series(n: int, condition: Condition) -> bool:
    """Whether condition n reads the series of the instance, not a reading by itself."""
    return n == 0 or not (condition.target or condition.metric in metrics)


def _fixed(watched: RuleConditions) -> set[Key]:
    return {each.key for n, each in enumerate(watched.conditions) if not _of_series(n, each)}


def group_input(
    rule: AutomationRule, watched: RuleConditions, key: str, members: Sequence[Key],
    own: Mapping[Key, Series], platform: Mapping[Key, Series], moments: Sequence[datetime], age: timedelta,
) -> InstanceInput:  # fmt: skip
    """An instance of several series: of each condition, its aggregated values at `moments` are the readings of a
    series, each good for `age`."""
    conditions, made = list(watched.conditions), {**own}
    ages, taken = dict(watched.max_age), set[Key]()
    for n, condition in enumerate(watched.conditions):
        if not _of_series(n, condition):
            continue
        name = f"{key} ({n + 1})" if (condition.metric, key) in taken else key
        on_group = replace(condition, target=name, reducer="last")
        conditions[n] = on_group
        taken.add(on_group.key)
        ages[condition.metric] = age
        targets = [target for metric, target in members if metric == condition.metric]
        values = _aggregated(rule.series_aggregate, watched, condition, targets, own, platform, moments)
        made[on_group.key] = series_of(list(values), held=False)
    return InstanceInput(key, replace(watched, conditions=conditions, max_age=ages), made, platform)


def _aggregated(
    aggregate: str, watched: RuleConditions, condition: Condition, targets: Sequence[str],
    own: Mapping[Key, Series], platform: Mapping[Key, Series], moments: Sequence[datetime],
) -> Iterator[tuple[datetime, float]]:  # fmt: skip
    """The aggregated value at each of `moments` at which a series has one; NaN where one is out of range."""
    each_of = [replace(watched, conditions=[replace(condition, target=target)]) for target in targets]
    for moment in moments:
        found = [one.evaluate(own, platform, moment)[0] for one in each_of]
        values = [
            math.nan if each.cause else each.value or 0.0 for each in found if each.cause or each.value is not None
        ]
        if values:
            is_safe = all(abs(value) <= LARGEST_VALUE for value in values)
            yield moment, AGGREGATE_OF_GROUP[aggregate](values) if is_safe else math.nan
