"""Steps that several strategies propose, with their reasons."""

from datetime import datetime

from optimizer.fusion.weights import MIN_VALUES, reweighted
from optimizer.strategies.proposal import Facts, IntegrationFact, ProposedStep
from rules.text.entry import limit, number
from smartagent.kernel.durations import format_duration

FEWEST_METRICS = 2


def recovery(one: IntegrationFact, now: datetime) -> list[ProposedStep]:
    """Steps that recover an integration: a new token where it has expired, a probe, and a refresh of its data."""
    steps = []
    why = f"{one.kind} is {one.status}" + (f": {one.error}" if one.error else "")
    if one.can_renew and _needs_a_token(one, now):
        steps.append(_step("refresh_oauth_token", one, _token_reason(one, why, now), "A valid token."))
    elif one.can_validate and one.is_unwell:
        steps.append(_step("validate_credentials", one, f"{why}.", "The validity of the credentials is known."))
    if one.can_probe:
        steps.append(_step("retry_connection", one, f"{why}.", "The integration answers and is active again."))
    if one.can_refresh and (one.is_unwell or one.is_stale(now)):
        steps.append(_step("refresh_data", one, f"{_since(one, now)}.", "The newest data are available."))
    return steps


def by_hand(one: IntegrationFact, now: datetime) -> str:
    """The advice for an integration that has no URL to call."""
    state = f"is {one.status}" if one.is_unwell else "has not synchronised for a long time"
    return f"Reconnect {one.kind} manually: it {state}, and its settings have no URL to call."


def reweighting(facts: Facts) -> ProposedStep | None:
    """New weights from how steady each metric was, where enough is known of at least two, and any would change."""
    known = [one for one in facts.metrics if one.value is not None and len(one.history) >= MIN_VALUES]
    if len(known) < FEWEST_METRICS or not _would_change(facts):
        return None
    spreads = ", ".join(f"{one.name} {number(min(one.history))} to {number(max(one.history))}" for one in known[:4])
    return ProposedStep(
        operation="reweight_fusion_metrics", reason=f"The metrics vary unequally: {spreads}.",
        expected="Stable metrics count more; no share changes by more than 20 %.",
    )  # fmt: skip


def engine(facts: Facts) -> list[ProposedStep]:
    """Ask the external engine, where there is one, with all the numbers."""
    if not facts.has_engine:
        return []
    parameters = {
        "metric": facts.metric, "target": facts.target, "value": facts.value, "operator": facts.operator,
        "threshold": facts.threshold,
        "integrations": [{"type": one.kind, "status": one.status} for one in facts.integrations],
        "fusion_metrics": [
            {"name": one.name, "weight": float(one.weight), "value": None if one.value is None else float(one.value)}
            for one in facts.metrics
        ],
    }  # fmt: skip
    step = ProposedStep(
        operation="call_engine", reason="An external optimization engine is connected.",
        expected="The answer of the engine to these values.", parameters=parameters,
    )  # fmt: skip
    return [step]


def numbers(facts: Facts, label: str) -> str:
    """What broke, with its numbers: `The fusion score is 55 (threshold: below 70).`"""
    at = "has no reading" if facts.value is None else f"is {number(facts.value, facts.threshold)}"
    on = f" of {facts.target}" if facts.target else ""
    return f"The {label}{on} {at} (threshold: {limit(facts.operator, facts.threshold, facts.value)})."


def _would_change(facts: Facts) -> bool:
    old = {str(place): one.weight for place, one in enumerate(facts.metrics)}
    return reweighted(old, {str(place): one.history for place, one in enumerate(facts.metrics)}) != old


def _needs_a_token(one: IntegrationFact, now: datetime) -> bool:
    return one.is_unwell or (one.token_expires_at is not None and one.token_expires_at <= now)


def _token_reason(one: IntegrationFact, why: str, now: datetime) -> str:
    expires = one.token_expires_at
    if expires and expires <= now:
        return f"{why}; the token expired {format_duration(now - expires)} ago."
    return f"{why}; the token may have been revoked."


def _since(one: IntegrationFact, now: datetime) -> str:
    if one.last_sync_at is None:
        return f"{one.kind} has never synchronised"
    return f"{one.kind} synchronised {format_duration(now - one.last_sync_at)} ago"


def _step(operation: str, one: IntegrationFact, reason: str, expected: str) -> ProposedStep:
    return ProposedStep(operation=operation, integration=one.id, reason=reason, expected=expected)
