"""The observations of one instance at each evaluation, from its series, decided as the dispatcher does."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.backtesting.simulation import ObservationAt
from rules.engine.conditions import IN_PYTHON, PARAMETER_RANGES, Reducer, combine, met, verdict
from rules.engine.numeric_range import LARGEST_VALUE, TOO_FAR
from rules.engine.reducers import Series
from rules.engine.states import Observation
from rules.engine.usual import LOOKBACK, usual

Key = tuple[str, str]  # metric and target
Outcome = tuple[str, str, bool]  # the parts of an observation: verdict, cause, critical
Judged = tuple[float | None, datetime | None, str, bool, str]  # value, its time, verdict, critical, cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a rule: metric, target, aggregation with its window and parameter, operator, thresholds."""

    metric: str
    operator: str
    threshold: float
    target: str = ""
    reducer: str = "last"
    window: timedelta = timedelta(0)
    parameter: float = 0.0
    recovery: float | None = None
    critical: float | None = None

    @property
    def key(self) -> Key:
        return self.metric, self.target

    @property
    def reach(self) -> timedelta:
        """How far back its readings are needed."""
        return LOOKBACK if self.reducer == Reducer.UNUSUAL else self.window


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionResult:
    """The result of one condition at one time: value, when it was observed, verdict, and error if any."""

    condition: Condition
    value: float | None
    observed_at: datetime | None
    verdict: str
    critical: bool
    cause: str = ""


@dataclass(frozen=True, slots=True)
class RuleConditions:
    """The conditions of a rule and how they are joined; the maximum age of a reading by metric, the interval, and which
    metrics are queries of data sources."""

    conditions: Sequence[Condition]
    match: str
    max_age: Mapping[str, timedelta | None]
    interval: timedelta
    queries: frozenset[str] = frozenset()

    def evaluate(
        self, own: Mapping[Key, Series], platform: Mapping[Key, Series], now: datetime
    ) -> list[ConditionResult]:
        """The result of each condition at `now`, from the person's own readings, else from platform-wide ones."""
        return [
            self._evaluate(condition, own.get(condition.key, NONE), platform.get(condition.key, NONE), now)
            for condition in self.conditions
        ]

    def combine_results(self, observed: Sequence[ConditionResult]) -> Observation:
        """The results combined into one observation."""
        return Observation(*self._together([(each.verdict, each.critical, each.cause) for each in observed]))

    def outcome_at(self, own: Mapping[Key, Series], platform: Mapping[Key, Series], now: datetime) -> Outcome:
        """`combine_results(evaluate(...))` as plain values, since it runs at each evaluation of each instance."""
        judged = (
            self._judge(each, own.get(each.key, NONE), platform.get(each.key, NONE), now) for each in self.conditions
        )
        return self._together([each[2:] for each in judged])

    def _together(self, judged: Sequence[tuple[str, bool, str]]) -> Outcome:
        if len(judged) == 1:
            combined, critical, cause = judged[0]
            return combined, cause if combined == "failed" else "", critical
        combined = combine([each[0] for each in judged], self.match)
        cause = min((each[2] for each in judged if each[2]), default="")
        return combined, cause if combined == "failed" else "", any(each[1] for each in judged)

    def _evaluate(self, condition: Condition, own: Series, platform: Series, now: datetime) -> ConditionResult:
        value, observed_at, decided, critical, cause = self._judge(condition, own, platform, now)
        return ConditionResult(
            condition=condition, value=value, observed_at=observed_at, verdict=decided, critical=critical, cause=cause
        )

    def _judge(self, condition: Condition, own: Series, platform: Series, now: datetime) -> Judged:
        value: float | None
        if condition.reducer == Reducer.LAST:
            age = self.max_age.get(condition.metric)
            found = own.newest(now, age) or platform.newest(now, age)
            value, observed_at = found or (None, None)
        else:
            value, observed_at = self._reduced(condition, own, platform, now), now
        if value is not None and not math.isfinite(value):
            return None, observed_at, "failed", False, TOO_FAR
        decided = verdict(value, condition.operator, condition.threshold, condition.recovery)
        worse = (
            decided == "met"
            and condition.critical is not None
            and met(value or 0.0, condition.operator, condition.critical)
        )
        return value, observed_at, decided, worse, ""

    def _reduced(self, condition: Condition, own: Series, platform: Series, now: datetime) -> float | None:
        for series in (own, platform):
            value = self._value(condition, series, now)
            if value is not None:
                return value
        return WITHOUT_READINGS.get(condition.reducer)

    def _value(self, condition: Condition, series: Series, now: datetime) -> float | None:
        if condition.reducer != Reducer.UNUSUAL:
            return series.reduce(condition.reducer, now, condition.window, self.interval, condition.parameter)
        newest = series.newest(now, self.max_age.get(condition.metric))
        if newest and not abs(newest[0]) <= LARGEST_VALUE:
            return math.nan
        band = usual(series, now) if newest else None
        return band.distance(newest[0]) if newest and band else None


NONE = Series()
WITHOUT_READINGS = {Reducer.COUNT.value: 0.0, Reducer.ABSENT.value: 1.0}


def watch(
    watch_: RuleConditions, own: Mapping[Key, Series], platform: Mapping[Key, Series], moments: Sequence[datetime]
) -> Iterator[ObservationAt]:
    """Yield the observations at `moments` that differ from the previous one."""
    before: Outcome | None = None
    for number in _changing_places(watch_, own, platform, moments):
        outcome = watch_.outcome_at(own, platform, moments[number])
        if outcome != before:
            yield ObservationAt(number, Observation(*outcome))
            before = outcome


def _changing_places(
    watch_: RuleConditions, own: Mapping[Key, Series], platform: Mapping[Key, Series], moments: Sequence[datetime]
) -> Sequence[int]:
    """The indexes in `moments` at which the outcome can change: all where a condition has a window, else those with a
    new reading or one that just became too old."""
    if any(condition.reducer != Reducer.LAST for condition in watch_.conditions):
        return range(len(moments))
    numbers = {0}
    for condition in watch_.conditions:
        age = watch_.max_age.get(condition.metric)
        for series in (own.get(condition.key, NONE), platform.get(condition.key, NONE)):
            numbers.update(bisect_left(moments, time) for time in series.times)
            if age is not None and series.times:
                gaps = zip(series.times, [*series.times[1:], None], strict=True)
                numbers.update(bisect_left(moments, a + age) for a, b in gaps if b is None or b - a >= age)
    return sorted(number for number in numbers if number < len(moments))


def condition_of(fields: Mapping[str, Any]) -> Condition:
    """A further condition from its stored `fields`; ValueError where it cannot be read."""
    try:
        condition = Condition(
            metric=str(fields["metric"]), target=str(fields.get("target") or ""), operator=fields["operator"],
            threshold=float(fields["threshold"]), reducer=fields.get("reducer") or "last",
            window=timedelta(seconds=float(fields.get("window") or 0)),
            parameter=_parameter(fields.get("reducer"), fields.get("parameter")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"a further condition cannot be read: {fields!r}") from error
    if condition.operator not in IN_PYTHON or condition.reducer not in Reducer.values:
        raise ValueError(f"a further condition cannot be read: {fields!r}")
    return condition


def _parameter(reducer: Any, given: Any) -> float:
    """The parameter of a reducer, 0 where it has none; ValueError where it is not in its range."""
    if reducer not in PARAMETER_RANGES:
        return 0.0
    lowest, highest = PARAMETER_RANGES[reducer]
    parameter = float("nan" if given is None else given)
    if not lowest <= parameter <= highest:
        raise ValueError(f"the parameter of {reducer} cannot be read: {given!r}")
    return parameter


def conditions_of(rule: Any) -> list[Condition]:
    """All conditions of a rule, the main one first; ValueError where one cannot be read."""
    own = Condition(
        metric=rule.metric_type, target=rule.target_integration or "", operator=rule.condition_operator,
        threshold=float(rule.threshold_value), reducer=rule.reducer, window=rule.evaluation_window,
        parameter=_parameter(rule.reducer, rule.reducer_parameter),
        recovery=None if rule.recovery_threshold is None else float(rule.recovery_threshold),
        critical=None if rule.critical_threshold is None else float(rule.critical_threshold),
    )  # fmt: skip
    more = rule.more_conditions if isinstance(rule.more_conditions, list) else [rule.more_conditions]
    return [own, *(condition_of(fields) for fields in more)]
