"""A rule as input of a backtest: evaluation times, timing, conditions."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from rules.backtesting.observations import RuleConditions, conditions_of
from rules.data_sources.watched import queries_named
from rules.engine.conditions import Reducer
from rules.engine.intervals import evaluation_interval
from rules.engine.states import Timing
from rules.models import AutomationRule
from rules.registries import actions, metrics


def moments_between(start: datetime, end: datetime) -> list[datetime]:
    """The times of the scheduled evaluations after `start` and up to `end`."""
    interval = _interval()
    first = datetime.fromtimestamp(
        (start.timestamp() // interval.total_seconds() + 1) * interval.total_seconds(), start.tzinfo
    )
    return [first + number * interval for number in range(max(0, int((end - first) / interval) + 1))]


def moment_at(moments: Sequence[datetime], at: datetime) -> datetime | None:
    """The last of `moments` that is not after `at`; None where there is none."""
    place = bisect_left(moments, at + timedelta(microseconds=1))
    return moments[place - 1] if place else None


def timing_of(rule: AutomationRule) -> Timing:
    """The timing of `rule`, as if it were active."""
    config = rule.action_config if isinstance(rule.action_config, dict) else {}
    tells = rule.action_type in actions and actions[rule.action_type].notifies_resolved
    return Timing(
        repeat_every=rule.repeat_every, no_data_policy=rule.no_data_policy, error_policy=rule.error_policy,
        pending_for=rule.pending_for, keep_firing_for=rule.keep_firing_for, interval=_interval(),
        notifies_resolved=tells and config.get("notify_resolved") is True,
    )  # fmt: skip


def watch_of(rule: AutomationRule) -> RuleConditions:
    """The conditions of `rule`; ValueError where one of them cannot be read."""
    conditions = conditions_of(rule)
    pushed = timedelta(hours=settings.PUSHED_MAX_AGE_HOURS)
    return RuleConditions(
        conditions, rule.match, {c.metric: None if c.metric in metrics else pushed for c in conditions}, _interval()
    )


def watch_past_of(rule: AutomationRule) -> RuleConditions:
    """The conditions of `rule`, for stored readings and the history of queries; ValueError where one of them cannot be
    read, or aggregates a query."""
    watched = watch_of(rule)
    queries = frozenset(query.name for query in queries_named(rule.watched))
    for condition in watched.conditions:
        if condition.metric in queries and condition.reducer != Reducer.LAST:
            raise ValueError(
                f"{condition.metric} is a query, whose samples are not stored here, so it has no {condition.reducer}."
            )
    age = dict.fromkeys(queries, watched.interval)  # a value of a query counts only at its own evaluation
    return replace(watched, max_age=dict(watched.max_age) | age, queries=queries)


def _interval() -> timedelta:
    return evaluation_interval()
