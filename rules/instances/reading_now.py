"""The newest reading of a series, with its age and its day as a sparkline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from rules.engine.conditions import ON_SCALE, drawn_level
from rules.instances.strips import path_of, scale_of
from rules.metrics.history import LatestReading, newest_of, sampled
from rules.models import RuleState
from rules.registries import metrics
from rules.text.phrases import metric_name, number
from smartagent.kernel.durations import age_text, length_text

DAY, POINTS = timedelta(hours=24), 48


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingNow:
    """The newest reading of a series; `is_stale` where it is too old to be one, `path` its last 24 hours, `lines` the
    thresholds across them."""

    metric: str
    name: str
    target: str
    value: str
    age: str
    observed_at: datetime
    is_stale: bool
    path: str
    words: str
    lines: list[tuple[str, str]] = field(default_factory=list)


def reading_now(
    reading: LatestReading, day: Sequence[float | None], now: datetime, levels: Sequence[tuple[str, float]] = ()
) -> ReadingNow:
    """The row of a series whose last 24 hours are `day`; `levels` are thresholds by name."""
    held, age = reading.metric in metrics, now - reading.observed_at
    unit = metrics[reading.metric].unit if held else ""
    name = metric_name(reading.metric)
    scale = scale_of([*day, *(level for _, level in levels)])
    return ReadingNow(
        metric=reading.metric,
        name=name[:1].upper() + name[1:] if held else name,
        target=reading.target,
        value=f"{number(reading.value)} {unit}".strip(),
        age=_age(age, held),
        observed_at=reading.observed_at,
        is_stale=not held and age > timedelta(hours=settings.PUSHED_MAX_AGE_HOURS),
        path=path_of(day, scale, held=held),
        words=_range(day),
        lines=[(kind, f"M0 {scale.y(level):g}H100") for kind, level in levels],
    )


def readings_of(states: Sequence[RuleState], now: datetime) -> list[ReadingNow | None]:
    """What the first condition of each of `states` reads now, None where nothing was ever read: two queries, however
    many there are."""
    keys = [(state.user_id, state.rule.metric_type, state.target) for state in states]
    days = sampled(keys, now - DAY, now, POINTS)
    return [
        reading_now(newest, day, now, levels_of(state)) if newest else None
        for state, newest, day in zip(states, newest_of(keys, now), days, strict=True)
    ]


def levels_of(state: RuleState) -> list[tuple[str, float]]:
    """The thresholds of the rule, as they are now; none where they are not on the scale of the readings."""
    if state.rule.reducer not in ON_SCALE:
        return []
    levels = {"threshold": state.rule.threshold_value, "critical": state.rule.critical_threshold}
    drawn = {kind: drawn_level(level) for kind, level in levels.items()}
    return [(kind, level) for kind, level in drawn.items() if level is not None]


def _age(age: timedelta, held: bool) -> str:
    """A built-in metric holds its value, and its changes are stored; of a pushed one each sample is."""
    return f"unchanged for {length_text(age)}" if held else age_text(age)


def _range(day: Sequence[float | None]) -> str:
    known = [value for value in day if value is not None]
    if not known:
        return "no reading in 24 hours"
    return f"from {number(min(known))} to {number(max(known))} in 24 hours"
