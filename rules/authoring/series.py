"""Validation of what makes a rule one on series: matchers, and the labels to group by."""

from collections.abc import Mapping
from typing import Any

from rules.engine.label_matchers import parse_matchers, read_matchers
from rules.engine.series_choice import MAX_GROUP_LABELS, SeriesAggregate, SeriesMode
from rules.engine.series_labels import LABEL_NAME, MAX_LABELS_BYTES, METRIC_NAME_LABEL
from rules.registries import metrics

NOT_OF_SERIES = "Only rules with one instance per series, or per combination of labels, have {}. Leave this empty."


def mode_problem(mode: Any, _: Mapping[str, Any]) -> str:
    """The error in the kind of instances; empty where it is valid."""
    known = ", ".join(SeriesMode.values)
    return "" if mode in SeriesMode.values else f"“{str(mode)[:40]}” is not one of: {known}."


def matchers_problem(matchers: Any, fields: Mapping[str, Any]) -> str:
    """The error in matchers, a list of texts; empty where they are valid."""
    try:
        read = read_matchers(matchers)
    except ValueError as error:
        return str(error)
    return NOT_OF_SERIES.format("matchers") if read and _is_one(fields) else ""


def group_by_problem(labels: Any, fields: Mapping[str, Any]) -> str:
    """The error in the labels to group by, a list of names; empty where they are valid."""
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        return 'Enter the names of labels as a list of texts, for example ["host"].'
    if METRIC_NAME_LABEL in labels:
        return f"{METRIC_NAME_LABEL} is the name of the metric, the same for all series of the rule."
    if wrong := [each for each in labels if len(each) > MAX_LABELS_BYTES or not LABEL_NAME.fullmatch(each)]:
        return f"“{wrong[0][:40]}” is not a label name. Example: host, or host and disk."
    if len(labels) > MAX_GROUP_LABELS:
        return f"A rule groups by at most {MAX_GROUP_LABELS} labels; {len(labels)} were given."
    if len(set(labels)) < len(labels):
        return "Each label can be named once."
    if labels and fields.get("series_mode", SeriesMode.BY) != SeriesMode.BY:
        return "Only rules with one instance per combination of labels group by labels. Leave this empty."
    return ""


def aggregate_problem(aggregate: Any, _: Mapping[str, Any]) -> str:
    """The error in the aggregation across series; empty where it is valid."""
    known = ", ".join(SeriesAggregate.values)
    return "" if aggregate in SeriesAggregate.values else f"“{str(aggregate)[:40]}” is not one of: {known}."


def series_target_problem(target: Any, fields: Mapping[str, Any]) -> str:
    """The error in a target beside matchers; empty where it is valid."""
    if not target or _is_one(fields):
        return ""
    return f'This rule chooses its series by matchers. Write target="{str(target)[:40]}" there, and leave this empty.'


def series_further_errors(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """The errors of further conditions that read no series of the rule: of these, only the latest reading is known."""
    more = fields.get("more_conditions")
    if _is_one(fields) or not isinstance(more, list):
        return {}
    fixed = {
        n: each for n, each in enumerate(more)
        if isinstance(each, Mapping) and (each.get("target") or each.get("metric") in metrics)
    }  # fmt: skip
    return {
        f"more_conditions.{n}.reducer": [
            "In a rule on series, a condition on a target or a built-in metric uses the latest reading."
        ]
        for n, each in fixed.items()
        if each.get("reducer") not in (None, "", "last")
    }


def typed_matchers(text: str) -> list[str]:
    """The matchers of a text, as rules store them; ValueError, in words, where it cannot be read."""
    return [str(each) for each in parse_matchers(text)]


def typed_labels(text: str) -> list[str]:
    """The names of a text in which they are separated by commas, spaces or lines."""
    return text.replace(",", " ").split()


def _is_one(fields: Mapping[str, Any]) -> bool:
    return bool(fields.get("series_mode", SeriesMode.ONE) == SeriesMode.ONE)
