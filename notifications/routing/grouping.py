"""Grouping: all instances of a rule that fire in one evaluation make one message, with a count and the first ten.

Where the rule names labels, those whose labels agree make one. A rule makes at most a hundred messages at once; what is
left then makes one more.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from notifications.routing.router import SEVERITIES
from rules.actions import Firing
from rules.text.comparison import Tense, beyond_range, changed, compared, without_instance
from rules.text.phrases import begun, series
from rules.text.reading import aggregation_in, reading_in_words

MAX_INSTANCES_SHOWN, MAX_GROUPS = 10, 100
GROUP_BY = "group_notifications_by"
KNOWN = (
    "metric", "target", "operator", "threshold", "critical", "value", "verdict", "conditions", "series_aggregate",
    "condition_before", "reason",
)  # fmt: skip
values_of = attrgetter(*KNOWN)
THE_REST = ("\0",)  # as no label is


def grouped(firings: Sequence[Firing]) -> list[list[Firing]]:
    """Group firings by rule, event and the labels that the rule names, in the order of the first of each; of a group
    the most severe come first."""
    groups: dict[tuple[Any, str], dict[tuple[str, ...], list[Firing]]] = {}
    for firing in firings:
        of_rule = groups.setdefault((firing.rule_id, firing.event), {})
        values = tuple(firing.labels.get(name, "") for name in labels_in(firing.config.get(GROUP_BY)))
        if values not in of_rule and len(of_rule) >= MAX_GROUPS:
            values = THE_REST
        of_rule.setdefault(values, []).append(firing)
    found = [group for of_rule in groups.values() for group in of_rule.values()]
    return [sorted(group, key=lambda firing: -rank(firing.severity)) for group in found]


def labels_in(given: Any) -> tuple[str, ...]:
    """The labels of an option, each once; other programs may have stored anything there."""
    if not given:
        return ()
    names = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return tuple(dict.fromkeys(name.strip() for name in names if isinstance(name, str) and name.strip()))


def lines(firings: Sequence[Firing]) -> list[str]:
    """A sentence for each of the first ten, and how many more there are."""
    shown = [sentence(firing) for firing in firings[:MAX_INSTANCES_SHOWN]]
    more = len(firings) - MAX_INSTANCES_SHOWN
    return [*shown, f"… and {more:,} more."] if more > 0 else shown


def severity(firings: Sequence[Firing]) -> str:
    """The highest severity of the firings."""
    return max((firing.severity for firing in firings), key=rank)


def rank(name: str) -> int:
    """The rank of a severity; unknown ones rank lowest."""
    return SEVERITIES.index(name) if name in SEVERITIES else -1


def sentence(firing: Firing) -> str:
    """The numbers of a firing in words, naming the person unless it is the owner."""
    what = (firing.metric, "" if firing.concerns_owner else firing.subject_name, firing.target)
    watched, known = series(*what), _known(firing)
    tense: Tense = "over" if firing.event == "rule_resolved" else "now"
    if firing.value is None and (text := without_instance(known, watched)):
        return begun(text, firing.metric)
    if firing.value is None:
        lacks = "could not be read" if firing.verdict == "failed" else "has no data"
        text = f"{begun(watched, firing.metric)} {lacks}; the rule {'resolves' if tense == 'over' else 'fires'} then."
        return f"{text} {beyond_range(known)}".rstrip()
    reading = reading_in_words(aggregation_in(known), *what, firing.value, firing.threshold)
    text = f"{': '.join(filter(None, [begun(reading, firing.metric), compared(known, tense)]))}."
    return f"{text} {changed(known)}".rstrip() if tense == "over" else text


def _known(firing: Firing) -> dict[str, Any]:
    """The context of the comparison, as in an activity entry."""
    return dict(zip(KNOWN, values_of(firing), strict=True))


def facts(firings: Sequence[Firing]) -> dict[str, Any]:
    """The numbers as JSON: those of the first firing; of several also the count, and the first ten."""
    first = firings[0]
    context = _numbers(first) | {
        "rule": str(first.rule_id), "rule_name": first.rule_name, "metric": first.metric, "threshold": first.threshold,
        "operator": first.operator, "time": first.fired_at.isoformat(), "event": first.event,
    }  # fmt: skip
    if first.critical is not None:
        context["critical"] = first.critical
    if first.run_id is not None:
        context["run"] = str(first.run_id)
    context |= _aggregation(first)
    if len(firings) == 1:
        return context
    return context | {
        "count": len(firings),
        "instances": [_numbers(firing) for firing in firings[:MAX_INSTANCES_SHOWN]],
    }


def _aggregation(firing: Firing) -> dict[str, Any]:
    """How readings became the value, in the names of a rule; empty where it is the newest reading."""
    if not (firing.conditions or firing.series_aggregate):
        return {}
    how = aggregation_in(_known(firing))
    named = {
        "reducer": how.reducer, "window": how.window.total_seconds(), "parameter": how.parameter,
        "series_aggregate": how.of_group,
    }  # fmt: skip
    return {name: value for name, value in named.items() if value not in (None, "")} if how else {}


def _numbers(firing: Firing) -> dict[str, Any]:
    return {
        "value": firing.value, "target": firing.target, "series_labels": firing.labels,
        "person": str(firing.subject_id), "person_name": firing.subject_name, "entry": str(firing.entry_id),
    }  # fmt: skip
