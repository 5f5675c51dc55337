"""The checks of the two scenarios with optimizations."""

from typing import Any

from optimizer.models import OptimizationEvent
from rules.text.entry import number
from smartagent.verification.check import Check
from smartagent.verification.optimization import VerifiedOptimization
from smartagent.verification.recovery import INTEGRATION, Recovery
from smartagent.verification.reweighting import Reweighting

RENEWED, PROBED, FETCHED = (f"{verb} /{INTEGRATION}/{path}" for verb, path in
                            (("POST", "oauth/token"), ("GET", "health"), ("POST", "refresh")))  # fmt: skip

LOGGED_STAGES = {"approved", "applied", "measured"}


def check_recovery(found: Recovery) -> list[Check]:
    """Hold the story of the integration that broke against what must be true."""
    optimization, event = found.optimization, found.optimization.event
    asked = ", ".join(found.asked) or "nothing"
    well = [found.platform.get(name) for name in ("broken", "renewals", "refreshes")]
    return [
        Check("a broken integration lowers its health", found.healths[:2] == [100, 25],
              f"{_joined(found.healths[:2])}: {found.wrong or 'no error'}"),
        Check("its rule fires and integration_recovery is proposed",
              event is not None and event.strategy == "integration_recovery", _proposed(optimization)),
        Check("the recovery is approved by another person and applied", _is_applied(optimization), _done(optimization)),
        Check("token, probe and refresh went over HTTP, each once", found.asked == [RENEWED, PROBED, FETCHED], asked),
        Check("the platform has renewed and fetched", well == [[], 1, 1], f"broken, renewed, fetched: {well}"),
        Check("the health recovers at the next evaluations",
              found.healths == [100, 25, 100] and found.status == "active",
              f"{_joined(found.healths)}, {found.status}"),
        Check("the measured effect is improved", optimization.verdict == OptimizationEvent.Verdict.IMPROVED,
              _effect(optimization)),
        Check("the recovery is in the activity log", _logged_stages(optimization) >= LOGGED_STAGES, _log(optimization)),
    ]  # fmt: skip


def check_reweighting(found: Reweighting) -> list[Check]:
    """Hold the story of the reweighting against what must be true."""
    optimization, event = found.optimization, found.optimization.event
    changed = found.between.keys() == found.before.keys() and all(
        found.between[name] != weight for name, weight in found.before.items()
    )
    rolled_back = event is not None and event.status == OptimizationEvent.Status.ROLLED_BACK
    return [
        Check("a reweighting is applied", _has_operation(optimization) and changed, _done(optimization)),
        Check("the measured effect is worse",
              optimization.verdict == OptimizationEvent.Verdict.WORSE, _effect(optimization)),
        Check("the optimization that made it worse is rolled back",
              rolled_back, event.status if event else "no optimization"),
        Check("the weights are as before, to the last digit", found.after == found.before and bool(found.after),
              f"{_weights(found.before)}; then {_weights(found.after)}"),
        Check("the score of the new weights is gone", found.scores == [54.09], _joined(found.scores)),
    ]  # fmt: skip


def _is_applied(optimization: VerifiedOptimization) -> bool:
    event = optimization.event
    another = event is not None and event.approved_by_id not in (None, optimization.person.pk)
    return another and event is not None and event.applied_at is not None and _kinds(optimization) == {"done"}


def _has_operation(optimization: VerifiedOptimization) -> bool:
    return [step.operation for step in optimization.steps()] == ["reweight_fusion_metrics"]


def _kinds(optimization: VerifiedOptimization) -> set[str]:
    return {step.status for step in optimization.steps()}


def _proposed(optimization: VerifiedOptimization) -> str:
    event = optimization.event
    return f"{event.strategy}: {event.reason}" if event else _log(optimization)


def _done(optimization: VerifiedOptimization) -> str:
    results = [step.result or step.error or step.status for step in optimization.steps()]
    return " ".join([*results, optimization.refused]).strip() or "no proposal"


def _effect(optimization: VerifiedOptimization) -> str:
    effect: dict[str, Any] = (
        optimization.event.effect if optimization.event and isinstance(optimization.event.effect, dict) else {}
    )
    before, after = effect.get("before") or [], effect.get("after") or []
    means = f"{number(effect.get('of_before'))} before, {number(effect.get('of_after'))} after"
    return f"{optimization.verdict or 'not measured'}: {means} (means of {len(before)} and {len(after)} readings)"


def _logged_stages(optimization: VerifiedOptimization) -> set[str]:
    return {entry.event_type.removeprefix("optimization_") for entry in optimization.entries()}


def _log(optimization: VerifiedOptimization) -> str:
    return (
        ", ".join(f"{entry.event_type} {entry.error_message or ''}".strip() for entry in optimization.entries())
        or "nothing"
    )


def _weights(weights: dict[str, str]) -> str:
    return ", ".join(f"{name} {weight}" for name, weight in weights.items()) or "none"


def _joined(values: list[float]) -> str:
    return ", ".join(map(number, values)) or "none"
