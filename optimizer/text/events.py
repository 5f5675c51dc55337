"""The events of the optimizer in the activity log, for RULES_EVENTS."""

from collections.abc import Callable, Mapping
from typing import Any

from rules.engine.event_kinds import EventKind, filled
from smartagent.kernel.formats import plural

EVENT_PREFIX = "optimization "  # of the label of an event that is about one optimization


def _optimization(words: str) -> Callable[[Mapping[str, Any]], str]:
    """A sentence by `words`, with the name of the strategy and the number of operations in plain text."""

    def sentence(context: Mapping[str, Any]) -> str:
        values = dict(context)
        if "steps" in values:
            values["operations"] = f"{values['steps']} {plural(values['steps'], 'operation')}"
        if "strategy" in values:
            values["strategy"] = str(values["strategy"]).replace("_", " ")
        return filled(words, values)

    return sentence


def _event(kind: str, label: str, words: str, configuration: str = "") -> EventKind:
    return EventKind(kind=kind, label=label, sentence=_optimization(words), configuration=configuration)


POLICY = "automation policy"
OPTIMIZATION_EVENTS = (
    _event("optimization_approved", f"{EVENT_PREFIX}approved", "{by_name} approved the optimization {strategy}."),
    _event("optimization_applied", f"{EVENT_PREFIX}applied", "The optimization {strategy} was applied: {operations}."),
    _event("optimization_failed", f"{EVENT_PREFIX}failed", "The optimization {strategy} failed."),
    _event(
        "optimization_rolled_back", f"{EVENT_PREFIX}rolled back", "{by_name} rolled back the optimization {strategy}."
    ),
    _event("optimization_dismissed", f"{EVENT_PREFIX}dismissed", "{by_name} dismissed the optimization {strategy}."),
    _event(
        "optimization_expired", f"{EVENT_PREFIX}expired",
        "Nobody approved the optimization {strategy} within a day, so it expired.",
    ),
    _event("optimization_measured", f"{EVENT_PREFIX}measured", "The optimization {strategy} was measured: {verdict}."),
    _event(
        "optimization_done_by_hand", f"{EVENT_PREFIX}marked as done",
        "{by_name} marked the optimization {strategy} as done.",
    ),
    _event(
        "optimizer_stopped", "optimizer stopped", "{by_name} stopped the optimizer: nothing is approved or applied.",
        POLICY,
    ),
    _event("optimizer_released", "optimizer resumed", "{by_name} resumed the optimizer.", POLICY),
    _event(
        "optimizer_policy_changed", "automation policy changed",
        "{by_name} changed the automation policy: {changes}.", POLICY,
    ),
)  # fmt: skip
