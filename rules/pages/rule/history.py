"""The readings and states of a rule over time: a chart for a rule of one person, strips for one of everyone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from rules.engine.conditions import ON_SCALE
from rules.instances.bands import bands_of, time_spent
from rules.instances.strips import Scale, Segment, level_path, path_of, scale_of, segments_of
from rules.instances.threshold_history import threshold_history
from rules.instances.timeline import timeline_of
from rules.metrics.history import sampled
from rules.models import AutomationRule, RuleState
from rules.pages.periods import HISTORY_DAYS, chosen_days
from rules.pages.rule.state_counts import LEGEND
from rules.registries import metrics
from rules.text.phrases import number

STRIP_LEVELS = ("threshold", "critical")
HISTORY_POINTS = 96  # of the line of a strip


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStrip:
    """An instance with its states and readings of a period; `words` says how long it was in which state."""

    state: RuleState
    segments: list[Segment]
    path: str
    words: str
    latest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHistory:
    """The strips of instances between two times, all on one scale; `lines` are the thresholds at each time."""

    start: datetime
    end: datetime
    strips: list[InstanceStrip]
    lines: list[tuple[str, str]]
    range_words: str


def history_context(
    request: HttpRequest, rule: AutomationRule, states: Sequence[RuleState], now: datetime
) -> dict[str, Any]:
    """What the page shows of the history of `rule`, whose worst instances are `states`: the same number of queries,
    however many there are."""
    days = chosen_days(request)
    found: dict[str, Any] = {"days": days, "all_days": HISTORY_DAYS}
    start = now - timedelta(days=days)
    if rule.applies_to == AutomationRule.AppliesTo.EVERYONE or rule.watches_series:
        return found | {"history": history_of(rule, states, start, now), "legend": LEGEND}
    own = next((state for state in states if state.user_id == rule.user_id), RuleState(rule=rule, user=rule.user))
    line = timeline_of(own, rule, start, now)
    return found | {"timeline": line, "chart": line.as_json(), "own": own if own in states else None}


def history_of(rule: AutomationRule, states: Sequence[RuleState], start: datetime, end: datetime) -> RuleHistory:
    """The strips of `states`, in five queries."""
    bands = bands_of([state for state in states if state.since], start, end)
    keys = [(state.user_id, rule.metric_type, state.target) for state in states]
    values = sampled(keys, start, end, HISTORY_POINTS)
    names = STRIP_LEVELS if rule.reducer in ON_SCALE else ()
    levels = {name: steps for name, steps in threshold_history(rule, start, end).levels.items() if name in names}
    read = [value for each in values for value in each if value is not None]
    scale = scale_of([*read, *(level for steps in levels.values() for _, level in steps)])
    return RuleHistory(
        start=start, end=end, lines=[(name, level_path(steps, scale, start, end)) for name, steps in levels.items()],
        range_words=f"{number(scale.low)} to {number(scale.high)}" if read else "",
        strips=[
            _strip(state, line, scale, segments_of(bands.get(state.pk, []), start, end),
                   dict(time_spent(bands.get(state.pk, []), end)))
            for state, line in zip(states, values, strict=True)
        ],
    )  # fmt: skip


def _strip(
    state: RuleState, values: Sequence[float | None], scale: Scale, segments: list[Segment], spent: Mapping[str, str]
) -> InstanceStrip:
    latest = values[-1]
    return InstanceStrip(
        state=state,
        segments=segments,
        path=path_of(values, scale, held=state.rule.metric_type in metrics),
        words=", ".join(f"{condition.replace('_', ' ')} {time}" for condition, time in spent.items()),
        latest="" if latest is None else number(latest),
    )
