"""Which series a rule watches, in words."""

from typing import Any

from rules.engine.series_choice import SeriesMode
from rules.models import AutomationRule

AGGREGATED_WORDS = {
    "sum": "summed", "avg": "averaged", "min": "as the minimum", "max": "as the maximum", "count": "as their number",
}  # fmt: skip


def series_in_words(rule: AutomationRule) -> str:
    """What follows the condition: ` in any series with host=~"web-.*"`, or `, summed by host`."""
    chosen = f" with {', '.join(map(str, rule.matchers))}" if _texts(rule.matchers) else ""
    if rule.series_mode == SeriesMode.EACH:
        return f" in any series{chosen}"
    if rule.series_mode != SeriesMode.BY:
        return ""
    aggregated = AGGREGATED_WORDS.get(rule.series_aggregate, rule.series_aggregate)
    names = ", ".join(map(str, rule.group_by)) if _texts(rule.group_by) else ""
    if not names:
        return f", {aggregated} over all series{chosen}"
    return f", {aggregated} by {names}" + (f" over the series{chosen}" if chosen else "")


def _texts(value: Any) -> bool:
    """Whether there are any: other programs may have written anything."""
    return isinstance(value, list) and bool(value)
