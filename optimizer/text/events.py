"""What the optimizer writes to the activity log, for RULES_EVENTS."""

from collections.abc import Callable, Mapping
from typing import Any

from rules.engine.event_kinds import EventKind, filled
from smartagent.kernel.phrasing import plural


def _remedy(words: str) -> Callable[[Mapping[str, Any]], str]:
    """Those words, with the strategy and the number of operations as people say them."""

    def sentence(context: Mapping[str, Any]) -> str:
        said = dict(context)
        if "steps" in said:
            said["operations"] = f"{said['steps']} {plural(said['steps'], 'operation')}"
        if "strategy" in said:
            said["strategy"] = str(said["strategy"]).replace("_", " ")
        return filled(words, said)

    return sentence


def _event(kind: str, label: str, words: str) -> EventKind:
    return EventKind(kind=kind, label=label, sentence=_remedy(words))


EVENTS = (
    _event("optimization_approved", "remedy approved", "{by_name} approved the remedy {strategy}."),
    _event("optimization_applied", "remedy applied", "The remedy {strategy} was applied: {operations}."),
    _event("optimization_failed", "remedy failed", "The remedy {strategy} failed."),
    _event("optimization_rolled_back", "remedy rolled back", "{by_name} rolled back the remedy {strategy}."),
    _event("optimization_dismissed", "remedy dismissed", "{by_name} dismissed the remedy {strategy}."),
    _event(
        "optimization_expired", "remedy expired",
        "Nobody answered the remedy {strategy} within its day, so it was not applied.",
    ),
    _event("optimization_measured", "remedy measured", "The remedy {strategy} was measured: {verdict}."),
    _event(
        "optimization_done_by_hand", "remedy done by hand",
        "{by_name} did by hand what the remedy {strategy} advises.",
    ),
    _event(
        "optimizer_stopped", "optimizer stopped", "{by_name} stopped the optimizer: nothing is approved or applied."
    ),
    _event("optimizer_released", "optimizer released", "{by_name} let the optimizer go on."),
    _event(
        "optimizer_policy_changed", "optimizer's policy changed",
        "{by_name} changed the policy of the optimizer: {changes}.",
    ),
)  # fmt: skip
