"""The series of a group for its chart, aggregated at some hundred evaluations."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID

from rules.backtesting.inputs import moments_between, watch_past_of
from rules.backtesting.instances import InstanceInput, group_input, members_of
from rules.backtesting.observations import Key, RuleConditions
from rules.backtesting.sampled_chart import (
    MAX_SAMPLED_ROWS,
    WindowTooLong,
    evaluations_note,
    is_long,
    needed_at,
    series_in,
)
from rules.backtesting.series import asked_series, reach, series_of_keys
from rules.engine.label_matchers import read_matchers
from rules.engine.reducers import Series
from rules.models import AutomationRule
from rules.registries import metrics
from rules.storage.sampled_windows import Whose, sample_windows

MAX_GROUP_POINTS = 300  # at which the series of a group are aggregated
MAX_AGGREGATED_OF_CHART = 200_000  # readings of its series, each at one evaluation


@dataclass(frozen=True, slots=True)
class GroupOfChart:
    """A group as the input of a chart, and at how many evaluations it is drawn, where not at all of them."""

    group: InstanceInput
    note: str


@dataclass(frozen=True, slots=True)
class _MemberReadings:
    """The readings of the series of a group, those of the person and of the platform, good for some moments."""

    moments: Sequence[datetime]
    own: Mapping[Key, Series]
    platform: Mapping[Key, Series]


def group_of_chart(
    rule: AutomationRule, person: UUID, target: str, start: datetime, end: datetime
) -> GroupOfChart | None:
    """The group with the key `target` between `start` and `end`, by its first condition; None where there is none.
    ValueError where it cannot be drawn."""
    watched = watch_past_of(rule)
    watched = replace(watched, conditions=watched.conditions[:1])
    asked = asked_series(watched, *reach(watched, start, end))
    own, platform = asked.get(person, {}), asked.get(None, {}) if person == rule.user_id else {}
    members = members_of(rule, watched, read_matchers(rule.matchers), person, own.keys() | platform.keys())
    if target not in members:
        return None
    keys, moments = members[target], moments_between(start, end)
    aggregated = len(moments) * len(keys)
    every = max(1, math.ceil(len(moments) / MAX_GROUP_POINTS), math.ceil(aggregated / MAX_AGGREGATED_OF_CHART))
    read = _sampled if is_long(watched, start, end) else _all_read
    found = read(watched, Whose(keys, person, person == rule.user_id), moments[::every], start, end)
    if moments and not found.moments:
        raise WindowTooLong
    apart = max((later - one for one, later in pairwise(found.moments)), default=timedelta(0))
    group = group_input(
        rule, watched, target, keys, {**found.own, **own}, {**found.platform, **platform}, found.moments,
        max(apart, watched.interval),
    )  # fmt: skip
    return GroupOfChart(group, evaluations_note(len(found.moments), len(moments)))


def _all_read(
    watched: RuleConditions, whose: Whose, moments: Sequence[datetime], start: datetime, end: datetime
) -> _MemberReadings:
    span = reach(watched, start, end)
    own = series_of_keys(whose.keys, *span, [whose.person] if whose.person else [])
    platform = series_of_keys(whose.keys, *span, None) if whose.platform else {}
    return _MemberReadings(moments, own.get(whose.person, {}), platform.get(None, {}))


def _sampled(
    watched: RuleConditions, whose: Whose, moments: Sequence[datetime], start: datetime, end: datetime
) -> _MemberReadings:
    condition = watched.conditions[0]
    needed = partial(needed_at, condition, held=condition.metric in metrics)
    found = sample_windows(whose, moments, needed, MAX_SAMPLED_ROWS)
    return _MemberReadings(found.moments, series_in(found.samples, whose.person), series_in(found.samples, None))
