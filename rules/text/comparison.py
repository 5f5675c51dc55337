"""The clause about a reading and its threshold, also correct where another condition decided, where there was no
reading, and where the rule was changed since it fired."""

from collections.abc import Mapping
from typing import Any, Literal

from rules.engine.conditions import IN_PYTHON, met
from rules.engine.numeric_range import BEYOND_RANGE
from rules.engine.state_machine import UNWATCHED_REASON
from rules.text.phrases import limit, metric_name, number
from rules.text.reading import aggregation_in
from smartagent.kernel.coerce import as_number

Tense = Literal["now", "still", "over"]
TENSES: tuple[Tense, ...] = ("now", "still", "over")
# Why the instance fires, or is over, though its first reading alone would say otherwise.
OTHERWISE = {
    "met": "another condition is met", "held": "the recovery threshold is not reached",
    "clear": "another condition is not met", "missing": "another condition has no reading",
    "failed": "another condition could not be read",
}  # fmt: skip
# A series that vanished, the rule on series as a whole, which has no reading of its own, and an instance that a rule
# does not have any more.
WITHOUT_INSTANCE = {
    "gone": "{} had no reading at two evaluations: series gone.",
    "clear": "{} has readings again.",
    UNWATCHED_REASON: "The rule no longer evaluates {}.",
}  # fmt: skip
WITHOUT = {"missing": "no data", "failed": "an error"}


def compared(facts: Mapping[str, Any], tense: Tense) -> str:
    """The clause after a reading: `below 70`, `still below 70`, `no longer below 70`, `not below 70, but the recovery
    threshold is not reached`; `critical below 45` past the critical threshold. `facts` are those of an activity
    entry."""
    operator, value = facts.get("operator"), facts.get("value")
    if aggregation_in(facts).says_absence(value):
        return _absent(facts, tense)
    threshold, which = _passed(facts)
    against, verdict = f"{which}{limit(operator, threshold, value)}", str(facts.get("verdict") or "")
    breaks = _breaks(value, operator, threshold)
    if breaks is (tense == "over"):
        why = f", but {OTHERWISE[verdict]}" if verdict in OTHERWISE else ""
        return f"{'' if breaks else 'not '}{against}{why}"
    if tense == "now" or facts.get("condition_before") or facts.get("conditions"):  # it may not have been met before
        return f"not {against}" if tense == "over" else against
    return f"{'no longer' if tense == 'over' else 'still'} {against}"


def _absent(facts: Mapping[str, Any], tense: Tense) -> str:
    """The clause after `there is no reading`, which says by itself whether the condition is met."""
    verdict = str(facts.get("verdict") or "")
    if _breaks(facts.get("value"), facts.get("operator"), facts.get("threshold")) is (tense == "over"):
        return OTHERWISE.get(verdict, "")
    return "still firing" if tense == "still" else ""


def without_reading(facts: Mapping[str, Any], tense: Tense) -> str:
    """The clause where there is no reading: `fires on no data`; empty where nothing is known."""
    verdict = str(facts.get("verdict") or "")
    if tense != "still" and verdict in WITHOUT:
        return f"{'fires' if tense == 'now' else 'resolves'} on {WITHOUT[verdict]}"
    if tense == "still":
        return "still firing"
    return OTHERWISE[verdict] if verdict in ("met", "clear") else ""


def without_instance(facts: Mapping[str, Any], watched: str) -> str:
    """The sentence on `watched` where there is no reading because there is no series or instance; else empty."""
    verdict, reason = str(facts.get("verdict") or ""), facts.get("reason")
    return WITHOUT_INSTANCE.get(UNWATCHED_REASON if reason == UNWATCHED_REASON else verdict, "").format(watched)


def changed(facts: Mapping[str, Any]) -> str:
    """How the condition was changed since the instance fired or became pending, empty where it was not: `The threshold
    was changed from 65 to 71.`"""
    before = facts.get("condition_before")
    if not isinstance(before, Mapping):
        return ""
    if any(before.get(name) != facts.get(name) for name in ("metric", "target")):
        return f"The condition was changed from {_condition(before)} to {_condition(facts)}."
    old, new = before.get("threshold"), facts.get("threshold")
    if before.get("operator") != facts.get("operator"):
        return f"The condition was changed from {_limit(before)} to {_limit(facts)}."
    if old == new:
        return ""
    return f"The threshold was changed from {number(old, new)} to {number(new, old)}."


def beyond_range(facts: Mapping[str, Any]) -> str:
    """A sentence where the reading exceeds the range of 64-bit floats; else empty."""
    if not str(facts.get("reason") or "").endswith(BEYOND_RANGE):
        return ""
    return f"{BEYOND_RANGE[:1].upper()}{BEYOND_RANGE[1:]}."


def _passed(facts: Mapping[str, Any]) -> tuple[Any, str]:
    """The threshold that the reading has passed, and which one it is: the critical one is named."""
    critical = facts.get("critical")
    if _breaks(facts.get("value"), facts.get("operator"), critical):
        return critical, "critical "
    return facts.get("threshold"), ""


def _breaks(value: Any, operator: Any, threshold: Any) -> bool | None:
    """Whether the reading meets the condition; None where that is unknown."""
    read, against = as_number(value), as_number(threshold)
    if read is None or against is None or operator not in IN_PYTHON:
        return None
    return met(float(read), str(operator), float(against))


def _condition(facts: Mapping[str, Any]) -> str:
    target = f" on {facts['target']}" if facts.get("target") else ""
    return f"{metric_name(facts.get('metric'))}{target} {_limit(facts)}"


def _limit(facts: Mapping[str, Any]) -> str:
    return limit(facts.get("operator"), facts.get("threshold"))
