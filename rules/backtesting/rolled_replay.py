"""Which backtests are made of roll-ups, and their series: those of long periods whose verdicts are provably those of
the readings (`rules.backtesting.rolled_series`). All others read the readings."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from rules.backtesting.observations import Condition, Key, RuleConditions
from rules.backtesting.rolled_series import OF_SUMS, ROLLED_REDUCERS, is_whole, rolled_series
from rules.backtesting.series import SERIES_PER_QUERY, reach
from rules.engine.reducers import Series
from rules.registries import metrics
from rules.storage.fine_series import fine_series
from rules.storage.rollup_series import FEW_DAYS, is_rolled

PeopleSeries = dict[UUID | None, dict[Key, Series]]


def is_rollable(watched: RuleConditions, start: datetime, end: datetime, *, in_groups: bool = False) -> bool:
    """Whether a backtest from `start` to `end` is made of roll-ups. What is aggregated in groups again has to be exact,
    which sums are not."""
    return (
        end - start > FEW_DAYS
        and is_whole(watched.interval)
        and all(is_whole(age) for age in watched.max_age.values() if age)
        and all(_is_exact(each, watched, in_groups=in_groups) for each in watched.conditions)
        and is_rolled(end)
    )


def _is_exact(condition: Condition, watched: RuleConditions, *, in_groups: bool) -> bool:
    return (
        condition.metric not in metrics
        and condition.metric not in watched.queries
        and condition.reducer in ROLLED_REDUCERS
        and not (in_groups and condition.reducer in OF_SUMS)
        and is_whole(condition.window)
    )


def rolled_readings(
    watched: RuleConditions, people: Sequence[UUID], start: datetime, end: datetime
) -> Iterator[tuple[UUID, dict[Key, Series], dict[Key, Series]]]:
    """As `rules.backtesting.series.readings`, of roll-ups; RollupsDoNotDecide where a value is too large."""
    span, keys = reach(watched, start, end), sorted({condition.key for condition in watched.conditions})
    platform = rolled_of_keys(keys, *span, None, watched.conditions).get(None, {})
    for first in range(0, len(people), SERIES_PER_QUERY):
        some = people[first : first + SERIES_PER_QUERY]
        own = rolled_of_keys(keys, *span, some, watched.conditions)
        for person in some:
            yield person, own.get(person, {}), platform


def rolled_of_keys(
    keys: Sequence[Key], start: datetime, end: datetime, people: Sequence[UUID] | None, conditions: Sequence[Condition]
) -> PeopleSeries:
    """The series of roll-ups with these keys, by person; the platform's where `people` is None."""
    found: PeopleSeries = {}
    for key, periods in fine_series(keys, start, end, people):
        person, metric, target = key
        found.setdefault(person, {})[metric, target] = rolled_series(key, periods, conditions)
    return found
