"""Rules and alerts of ours as Prometheus answers them: so Grafana, Karma and others can show them.

https://prometheus.io/docs/prometheus/latest/querying/api/#rules and #alerts
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rules.engine.intervals import evaluation_interval
from rules.engine.open_alerts import fires_now
from rules.engine.series_labels import labels_of
from rules.models import AutomationRule, RuleState

OWN_FILE = "smart-agent"  # what rules of no file are shown as being in
OPERATOR_OF_OURS = {"=": "=="}
NEVER_EVALUATED = "0001-01-01T00:00:00Z"  # Go's zero time: the rule was not evaluated yet


def shown_alert(state: RuleState, rule: AutomationRule) -> dict[str, Any]:
    """One instance that is pending or fires."""
    labels = {"person": str(state.user)} | labels_of(state.target) | labels_shown(rule)
    if "severity" not in _own_labels(rule):
        labels["severity"] = "critical" if state.critical else rule.severity
    firing = fires_now(state.condition)
    begun = state.fired_at if firing and state.fired_at else state.since
    annotations = annotations_shown(rule) | ({"summary": state.reason} if state.reason else {})
    return {
        "labels": labels, "annotations": annotations, "state": "firing" if firing else "pending",
        "activeAt": _time(begun), "value": _value(state.value),
    }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is shown of the instances of a rule: their conditions, the error of one that has one, and alerts."""

    conditions: frozenset[str] = frozenset()
    error: str = ""
    alerts: Sequence[RuleState] = ()


def shown_rule(rule: AutomationRule, shown: Shown, expression: str, evaluated_at: datetime | None) -> dict[str, Any]:
    """One rule with its pending and firing instances; `expression` is that of its metric query, if it has one."""
    firing, pending = any(map(fires_now, shown.conditions)), "pending" in shown.conditions
    found = {
        "state": "firing" if firing else "pending" if pending else "inactive", "name": rule.rule_name,
        "query": _query(rule, expression), "duration": rule.pending_for.total_seconds(),
        "keepFiringFor": rule.keep_firing_for.total_seconds(),
        "labels": {"severity": rule.severity} | _own_labels(rule),
        "annotations": annotations_shown(rule), "alerts": [shown_alert(state, rule) for state in shown.alerts],
        "health": "err" if shown.error else "ok" if evaluated_at else "unknown", "evaluationTime": 0,
        "lastEvaluation": _time(evaluated_at), "type": "alerting",
    }  # fmt: skip
    return found | ({"lastError": shown.error} if shown.error else {})


def group_of(rule: AutomationRule) -> tuple[str, str]:
    """File and group of a rule: those of an imported one, else its owner's rules."""
    uid = rule.uid or ""
    inside = uid.rpartition("/")[0] if rule.provisioned_by else ""
    return rule.provisioned_by or OWN_FILE, inside or str(rule.user)


def shown_groups(rules: Iterable[tuple[AutomationRule, dict[str, Any]]], evaluated_at: datetime | None) -> list[Any]:
    """The groups of shown rules, by file and name."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for rule, shown in rules:
        groups.setdefault(group_of(rule), []).append(shown)
    seconds = evaluation_interval().total_seconds()
    return [
        {
            "name": name, "file": file, "rules": some, "interval": seconds, "limit": 0, "evaluationTime": 0,
            "lastEvaluation": _time(evaluated_at),
        }
        for (file, name), some in sorted(groups.items())
    ]  # fmt: skip


def labels_shown(rule: AutomationRule) -> dict[str, str]:
    """The labels of a rule, with its severity and name."""
    return {"severity": rule.severity} | _own_labels(rule) | {"alertname": rule.rule_name}


def annotations_shown(rule: AutomationRule) -> dict[str, str]:
    """Description and runbook."""
    found = {"description": rule.description, "runbook_url": rule.runbook_url}
    return {name: text for name, text in found.items() if text}


def _own_labels(rule: AutomationRule) -> dict[str, str]:
    return {str(name): str(value) for name, value in rule.labels.items()} if isinstance(rule.labels, Mapping) else {}


def _query(rule: AutomationRule, expression: str) -> str:
    """The condition in the notation of PromQL, as near as it comes."""
    watched = f"({expression})" if expression else rule.metric_type
    if rule.reducer != "last":
        watched = f"{rule.reducer}({watched}[{rule.evaluation_window.total_seconds():.0f}s])"
    operator = OPERATOR_OF_OURS.get(rule.condition_operator, rule.condition_operator)
    return f"{watched} {operator} {rule.threshold_value:f}"


def _value(value: float | None) -> str:
    """A number as Go writes it with the verb %e: `1.5e+01`."""
    if value is None:
        return "NaN"
    if value != value or value in (float("inf"), float("-inf")) or value == 0:
        return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), "0e+00")
    digits, exponent = f"{Decimal(repr(value)).normalize():e}".split("e")
    return f"{digits}e{int(exponent):+03d}"


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else NEVER_EVALUATED
