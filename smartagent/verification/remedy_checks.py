"""What must be true of the two stories about remedies."""

from typing import Any

from optimizer.models import OptimizationEvent
from rules.text.entry import number
from smartagent.verification.check import Check
from smartagent.verification.recovery import INTEGRATION, Recovery
from smartagent.verification.remedy import Remedy
from smartagent.verification.weights_story import Reweighting

RENEWED, PROBED, FETCHED = (f"{verb} /{INTEGRATION}/{path}" for verb, path in
                            (("POST", "oauth/token"), ("GET", "health"), ("POST", "refresh")))  # fmt: skip

LOGGED_STAGES = {"approved", "applied", "measured"}


def check_recovery(found: Recovery) -> list[Check]:
    """Hold the story of the integration that broke against what must be true."""
    remedy, event = found.remedy, found.remedy.event
    asked = ", ".join(found.asked) or "nothing"
    well = [found.platform.get(name) for name in ("broken", "renewals", "refreshes")]
    return [
        Check("a broken integration lowers its health", found.healths[:2] == [100, 25],
              f"{_joined(found.healths[:2])}: {found.wrong or 'nothing was wrong'}"),
        Check("its rule fires and integration_recovery is proposed",
              event is not None and event.strategy == "integration_recovery", _proposed(remedy)),
        Check("the recovery is approved by another person and applied", _is_applied(remedy), _done(remedy)),
        Check("token, probe and refresh went over HTTP, each once", found.asked == [RENEWED, PROBED, FETCHED], asked),
        Check("the platform has renewed and fetched", well == [[], 1, 1], f"broken, renewed, fetched: {well}"),
        Check("the health returns at the next ticks", found.healths == [100, 25, 100] and found.status == "active",
              f"{_joined(found.healths)}, {found.status}"),
        Check("the effect says improved", remedy.verdict == OptimizationEvent.Verdict.IMPROVED, _effect(remedy)),
        Check("the recovery is in the activity log", _told(remedy) >= LOGGED_STAGES, _log(remedy)),
    ]  # fmt: skip


def check_reweighting(found: Reweighting) -> list[Check]:
    """Hold the story of the reweighting against what must be true."""
    remedy, event = found.remedy, found.remedy.event
    changed = found.between.keys() == found.before.keys() and all(
        found.between[name] != weight for name, weight in found.before.items()
    )
    rolled_back = event is not None and event.status == OptimizationEvent.Status.ROLLED_BACK
    return [
        Check("a reweighting is applied", _has_operation(remedy) and changed, _done(remedy)),
        Check("the effect says worse", remedy.verdict == OptimizationEvent.Verdict.WORSE, _effect(remedy)),
        Check("what made it worse is rolled back", rolled_back, event.status if event else "there is nothing"),
        Check("the weights are as before, to the last digit", found.after == found.before and bool(found.after),
              f"{_weights(found.before)}; then {_weights(found.after)}"),
        Check("the score of the new weights is gone", found.scores == [54.09], _joined(found.scores)),
    ]  # fmt: skip


def _is_applied(remedy: Remedy) -> bool:
    event = remedy.event
    another = event is not None and event.approved_by_id not in (None, remedy.person.pk)
    return another and event is not None and event.applied_at is not None and _kinds(remedy) == {"done"}


def _has_operation(remedy: Remedy) -> bool:
    return [step.operation for step in remedy.steps()] == ["reweight_fusion_metrics"]


def _kinds(remedy: Remedy) -> set[str]:
    return {step.status for step in remedy.steps()}


def _proposed(remedy: Remedy) -> str:
    event = remedy.event
    return f"{event.strategy}: {event.reason}" if event else _log(remedy)


def _done(remedy: Remedy) -> str:
    said = [step.said or step.error or step.status for step in remedy.steps()]
    return " ".join([*said, remedy.refused]).strip() or "nothing was proposed"


def _effect(remedy: Remedy) -> str:
    effect: dict[str, Any] = remedy.event.effect if remedy.event and isinstance(remedy.event.effect, dict) else {}
    before, after = effect.get("before") or [], effect.get("after") or []
    means = f"{number(effect.get('of_before'))} before, {number(effect.get('of_after'))} after"
    return f"{remedy.verdict or 'not measured'}: {means} (means of {len(before)} and {len(after)} readings)"


def _told(remedy: Remedy) -> set[str]:
    return {entry.event_type.removeprefix("optimization_") for entry in remedy.entries()}


def _log(remedy: Remedy) -> str:
    return (
        ", ".join(f"{entry.event_type} {entry.error_message or ''}".strip() for entry in remedy.entries()) or "nothing"
    )


def _weights(weights: dict[str, str]) -> str:
    return ", ".join(f"{name} {weight}" for name, weight in weights.items()) or "none"


def _joined(values: list[float]) -> str:
    return ", ".join(map(number, values)) or "none"
