"""What was read, in words: a reading, or the aggregation of readings that a rule compares in place of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from rules.engine.intervals import spelled
from rules.engine.series_choice import SeriesMode
from rules.models import AutomationRule
from rules.text.aggregation import REDUCER_PHRASES, aggregated
from rules.text.phrases import number, series
from smartagent.kernel.coerce import as_number

# Of the series of a group, after each is reduced over its window.
GROUP_PHRASES = {
    "sum": "the sum of {}", "avg": "the average of {}", "min": "the lowest of {}", "max": "the highest of {}",
    "count": "the number of series of {}",
}  # fmt: skip
MAX_WINDOW_SECONDS = 366 * 86400
FROM_USUAL = "deviations from the usual at this hour of the week"


class Aggregation(NamedTuple):
    """How readings become the value that a rule compares."""

    reducer: str = "last"
    window: timedelta = timedelta(0)
    parameter: float | None = None
    of_group: str = ""  # the aggregation of the series of a group

    def says_absence(self, value: Any) -> bool:
        """Whether `value` says only if there is a reading."""
        return self.reducer == "absent" and not self.of_group and as_number(value) in (0, 1)

    def __bool__(self) -> bool:
        """Whether the value is not simply the newest reading."""
        return self.reducer in REDUCER_PHRASES or self.of_group in GROUP_PHRASES


NEWEST = Aggregation()


def aggregation_in(facts: Mapping[str, Any]) -> Aggregation:
    """The aggregation of the first condition, from the facts of an activity entry or of a notification."""
    conditions, get = facts.get("conditions"), facts.get
    if not (conditions or get("reducer") or get("series_aggregate") or get("window") or get("parameter")):
        return NEWEST  # as of most rules
    first = conditions[0] if isinstance(conditions, list | tuple) and conditions else facts
    if not isinstance(first, Mapping):
        return Aggregation()
    seconds = as_number(first.get("window")) or 0.0
    return Aggregation(
        reducer=str(first.get("reducer") or "last"),
        window=timedelta(seconds=min(max(seconds, 0.0), MAX_WINDOW_SECONDS)),
        parameter=as_number(first.get("parameter")), of_group=str(facts.get("series_aggregate") or ""),
    )  # fmt: skip


def aggregation_of(rule: AutomationRule) -> Aggregation:
    """The aggregation of the first condition of `rule`."""
    return Aggregation(
        rule.reducer, rule.evaluation_window, as_number(rule.reducer_parameter),
        rule.series_aggregate if rule.series_mode == SeriesMode.BY else "",
    )  # fmt: skip


def what_is_read(how: Aggregation, metric: Any, whose: str, target: Any) -> str:
    """`the fusion score of Alice`, `the 95th percentile of cpu of Alice over 1 hour`, `the sum of the cpu of Alice`."""
    watched = series(metric, whose, target)
    if how.reducer in REDUCER_PHRASES:
        watched = aggregated(how.reducer, watched, spelled(how.window), how.parameter)
    return GROUP_PHRASES[how.of_group].format(watched) if how.of_group in GROUP_PHRASES else watched


def reading_in_words(how: Aggregation, metric: Any, whose: str, target: Any, value: Any, beside: Any = None) -> str:
    """What was read, with its value: `the cpu of Alice is 63`, `there is no reading of the cpu within 1 hour`."""
    if how.says_absence(value):
        there = "no" if as_number(value) else "a"
        return f"there is {there} reading of {series(metric, whose, target)} within {spelled(how.window)}"
    if how.reducer == "unusual" and not how.of_group:
        return f"{series(metric, whose, target)} is {number(value, beside)} {FROM_USUAL}"
    return f"{what_is_read(how, metric, whose, target)} is {number(value, beside)}"
