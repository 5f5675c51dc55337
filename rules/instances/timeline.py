"""The timeline of one instance: readings, thresholds and states over time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.backtesting.chart_data import ChartData, Point
from rules.backtesting.chart_points import chart_of, chart_of_instance
from rules.backtesting.inputs import watch_past_of
from rules.data_sources.history import history_within
from rules.engine.conditions import drawn_level
from rules.engine.state_machine import UNWATCHED_REASON
from rules.instances.bands import Band, bands_of
from rules.lifecycle.versions import as_it_was
from rules.models import ActivityEntry, AutomationRule, RuleState
from rules.text.phrases import number

MAX_CHART_SECONDS = 5.0  # for data sources: a page waits
THRESHOLD_LINES = ("threshold", "critical", "recovery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The timeline of an instance between two times; `problem` says why there are no readings."""

    start: datetime
    end: datetime
    chart: ChartData
    bands: list[Band]
    lines: dict[str, float]
    problem: str = ""

    @property
    def points(self) -> list[Point]:
        """The points of the chart."""
        return self.chart.points

    @property
    def values(self) -> str:
        """The readings in words; empty where there are none."""
        values = [value for _, value in self.points if value is not None]
        if not values:
            return ""
        return f"from {number(min(values))} to {number(max(values))}, latest {number(values[-1])}"

    def as_json(self) -> dict[str, Any]:
        """The data of the chart; times are milliseconds."""
        return {
            "start": _ms(self.start), "end": _ms(self.end), "steps": self.chart.in_steps, "lines": self.lines,
            "points": [[_ms(time), value] for time, value in self.points],
            "usual": self.chart.usual_as_json(),
            "bands": [[band.condition, _ms(band.start), _ms(band.end or self.end)] for band in self.bands],
        }  # fmt: skip


def timeline_of(state: RuleState, rule: AutomationRule, start: datetime, end: datetime) -> Timeline:
    """The timeline of `state` from `start` to `end`, with the thresholds of `rule` at that time.

    An instance that is not saved was always ok, and has no bands.
    """
    watching = _as_it_last_watched(state, rule)
    levels = [*map(drawn_level, (rule.threshold_value, rule.critical_threshold, rule.recovery_threshold))]
    chart, problem = ChartData(), ""
    try:
        with history_within(MAX_CHART_SECONDS):
            if watching.watches_series:
                chart = chart_of_instance(watching, state.user_id, state.target, start, end)
            else:
                chart = chart_of(watch_past_of(watching), state.user_id, start, end)
    except ValueError as error:
        problem = str(error)
    return Timeline(
        start=start,
        end=end,
        chart=chart,
        bands=[] if state._state.adding else bands_of([state], start, end)[state.pk],
        lines={name: level for name, level in zip(THRESHOLD_LINES, levels, strict=True) if level is not None},
        problem=problem,
    )


def _as_it_last_watched(state: RuleState, rule: AutomationRule) -> AutomationRule:
    """The rule; of an instance that it does not watch any more, as it was when it did."""
    if state.reason != UNWATCHED_REASON:
        return rule
    entries = ActivityEntry.objects.filter(state_id=state.pk, created_at__lt=state.since)
    before = entries.order_by("-created_at").values_list("created_at", flat=True).first()
    return as_it_was(rule, before)[0] if before else rule


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)
