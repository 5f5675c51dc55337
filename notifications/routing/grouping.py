"""Many instances of a rule that fire in one evaluation are one message: a count, and the first ten."""

from collections.abc import Sequence
from typing import Any

from notifications.routing.router import SEVERITIES
from rules.actions import Firing
from rules.text.comparison import Tense, beyond_range, changed, compared
from rules.text.phrases import begun, number, series

MAX_INSTANCES_SHOWN = 10


def grouped(firings: Sequence[Firing]) -> list[list[Firing]]:
    """Those of one rule and one event together, in the order of the first of each."""
    groups: dict[tuple[Any, str], list[Firing]] = {}
    for firing in firings:
        groups.setdefault((firing.rule_id, firing.event), []).append(firing)
    return list(groups.values())


def lines(firings: Sequence[Firing]) -> list[str]:
    """A sentence for each of the first ten, and how many more there are."""
    told = [sentence(firing) for firing in firings[:MAX_INSTANCES_SHOWN]]
    more = len(firings) - MAX_INSTANCES_SHOWN
    return [*told, f"… and {more:,} more."] if more > 0 else told


def severity(firings: Sequence[Firing]) -> str:
    """The highest of them."""
    return max((firing.severity for firing in firings), key=rank)


def rank(name: str) -> int:
    """The place of a severity among them; what is none comes first."""
    return SEVERITIES.index(name) if name in SEVERITIES else -1


def sentence(firing: Firing) -> str:
    """The numbers in words, naming the person where it is not the owner."""
    watched = series(firing.metric, "" if firing.concerns_owner else firing.subject_name, firing.target)
    subject, known = begun(watched, firing.metric), _known(firing)
    tense: Tense = "over" if firing.event == "rule_resolved" else "now"
    if firing.value is None:
        told = f"{subject} has no data; the rule {'resolves' if tense == 'over' else 'fires'} then."
        return f"{told} {beyond_range(known)}".rstrip()
    told = f"{subject} is {number(firing.value, firing.threshold)}: {compared(known, tense)}."
    return f"{told} {changed(known)}".rstrip() if tense == "over" else told


def _known(firing: Firing) -> dict[str, Any]:
    """What was compared, as an activity entry has it."""
    names = (
        "metric",
        "target",
        "operator",
        "threshold",
        "value",
        "verdict",
        "conditions",
        "condition_before",
        "reason",
    )
    return {name: getattr(firing, name) for name in names}


def facts(firings: Sequence[Firing]) -> dict[str, Any]:
    """The numbers for programs: of the first, and of many how many, and the first ten."""
    first = firings[0]
    told = _numbers(first) | {
        "rule": str(first.rule_id), "rule_name": first.rule_name, "metric": first.metric, "threshold": first.threshold,
        "operator": first.operator, "time": first.fired_at.isoformat(), "event": first.event,
    }  # fmt: skip
    if len(firings) == 1:
        return told
    return told | {"count": len(firings), "instances": [_numbers(firing) for firing in firings[:MAX_INSTANCES_SHOWN]]}


def _numbers(firing: Firing) -> dict[str, Any]:
    return {
        "value": firing.value, "target": firing.target, "person": str(firing.subject_id),
        "person_name": firing.subject_name, "entry": str(firing.entry_id),
    }  # fmt: skip
