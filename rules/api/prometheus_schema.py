"""The descriptions of `/api/v1/rules` and `/api/v1/alerts` in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from rules.api.prometheus_choice import CHOICES, MAX_ALERTS, MAX_FILTERS, MAX_RULES
from rules.prometheus.rule_selectors import EXAMPLE_SELECTOR
from smartagent.rest.own_errors import HAS_OWN_ERRORS, own_errors

TEXT, NUMBER, TEXTS = (
    {"type": "string"},
    {"type": "number"},
    {"type": "object", "additionalProperties": {"type": "string"}},
)
ALERT_SCHEMA = {
    "type": "object",
    "required": ["labels", "annotations", "state", "activeAt", "value"],
    "properties": {
        "labels": TEXTS, "annotations": TEXTS, "state": {"enum": ["pending", "firing"]}, "activeAt": TEXT,
        "value": {"type": "string", "description": "As Go writes numbers: 1.5e+01, NaN."},
    },
}  # fmt: skip
RULE_SCHEMA = {
    "type": "object",
    "required": ["state", "name", "query", "duration", "keepFiringFor", "labels", "annotations", "alerts", "health",
                 "evaluationTime", "lastEvaluation", "type"],
    "properties": {
        "state": {"enum": ["inactive", "pending", "firing"]}, "name": TEXT, "query": TEXT, "duration": NUMBER,
        "keepFiringFor": NUMBER, "labels": TEXTS, "annotations": TEXTS,
        "alerts": {"type": "array", "items": ALERT_SCHEMA},
        "health": {"enum": ["ok", "err", "unknown"]}, "lastError": TEXT, "evaluationTime": NUMBER,
        "lastEvaluation": TEXT, "type": {"enum": ["alerting"]},
    },
}  # fmt: skip
GROUP_SCHEMA = {
    "type": "object",
    "required": ["name", "file", "rules", "interval", "limit", "evaluationTime", "lastEvaluation"],
    "properties": {
        "name": TEXT, "file": TEXT, "rules": {"type": "array", "items": RULE_SCHEMA}, "interval": NUMBER,
        "limit": NUMBER, "evaluationTime": NUMBER, "lastEvaluation": TEXT,
    },
}  # fmt: skip
ERROR_SCHEMA = {
    "type": "object",
    "required": ["status", "errorType", "error"],
    "properties": {"status": {"const": "error"}, "errorType": TEXT, "error": TEXT},
}
ERROR_EXAMPLE = {"status": "error", "errorType": "bad_data", "error": "group_limit: Enter a whole number of 1 or more."}
ALERT_EXAMPLE = {
    "labels": {"alertname": "High load", "severity": "high", "person": "Ada", "host": "web-1"},
    "annotations": {"runbook_url": "https://example.com/load"}, "state": "firing", "activeAt": "2026-03-02T10:00:00Z",
    "value": "9.5e+01",
}  # fmt: skip
GROUPS_EXAMPLE = {
    "groups": [{
        "name": "Ada", "file": "smart-agent", "interval": 300, "limit": 0, "evaluationTime": 0,
        "lastEvaluation": "2026-03-02T10:05:00Z",
        "rules": [{
            "state": "firing", "name": "High load", "query": "load > 90", "duration": 300, "keepFiringFor": 0,
            "labels": {"severity": "high"}, "annotations": {"runbook_url": "https://example.com/load"},
            "alerts": [ALERT_EXAMPLE], "health": "ok", "evaluationTime": 0, "lastEvaluation": "2026-03-02T10:05:00Z",
            "type": "alerting",
        }],
    }],
    "groupNextToken": "5a0c1b1d0e3f4f0e9d7c6b5a49382716050403020100ffeeddccbbaa99887766",
}  # fmt: skip


def _parameter(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=description)


def _list(name: str, description: str) -> OpenApiParameter:
    return _parameter(name, {"type": "array", "items": TEXT, "maxItems": MAX_FILTERS}, description)


def _envelope(data: dict[str, Any], example: dict[str, Any], **more: Any) -> dict[Any, Any]:
    schema = {
        "type": "object",
        "required": ["status", "data"],
        "properties": {
            "status": {"const": "success"},
            "data": {"type": "object", "required": list(data), "properties": data | more},
            "warnings": {"type": "array", "items": TEXT},
        },
    }
    shown = OpenApiExample("Answer", value={"status": "success", "data": example}, response_only=True)
    errors = own_errors("application/json", ERROR_SCHEMA, ERROR_EXAMPLE, (400, 401, 403, 405, 406, 500, 503))
    return {200: OpenApiResponse(schema, description="As Prometheus answers.", examples=[shown]), **errors}


RULES_PARAMETERS = [
    _parameter("type", {"type": "string", "enum": list(CHOICES["type"])}, "There are no rules of the type record."),
    _list("rule_name[]", "Rules with one of these names."),
    _list("rule_group[]", "Groups with one of these names."),
    _list("file[]", "Groups of one of these files."),
    _list("match[]", f"Rules that one of these selectors chooses by their labels: {EXAMPLE_SELECTOR}"),
    _parameter("exclude_alerts", {"type": "string", "enum": list(CHOICES["exclude_alerts"])}, "true: without alerts."),
    _parameter("group_limit", {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}, "At most so many groups."),
    _parameter("group_next_token", TEXT, "`groupNextToken` of the previous answer; with group_limit."),
]
describes_rules = extend_schema(
    operation_id="prometheus_rules", tags=["prometheus"],
    summary="List rules as Prometheus does", extensions=HAS_OWN_ERRORS,
    parameters=RULES_PARAMETERS,
    description=f"Active rules with their alerts, in groups: those of imported rules, otherwise owners. At most "
    f"{MAX_RULES:,} rules and {MAX_ALERTS:,} alerts in one answer; `warnings` says where alerts are left out.",
    responses=_envelope({"groups": {"type": "array", "items": GROUP_SCHEMA}}, GROUPS_EXAMPLE, groupNextToken=TEXT),
)  # fmt: skip
describes_alerts = extend_schema(
    operation_id="prometheus_alerts", tags=["prometheus"],
    summary="List alerts as Prometheus does", extensions=HAS_OWN_ERRORS,
    description=f"Pending and firing alerts, the newest first. At most {MAX_ALERTS:,} in one answer; `warnings` says "
    "where some are left out.",
    responses=_envelope({"alerts": {"type": "array", "items": ALERT_SCHEMA}}, {"alerts": [ALERT_EXAMPLE]}),
)  # fmt: skip
