"""The descriptions of the protocols' requests in the OpenAPI document, as far as it has words for their bodies."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from rules.ingest.protocols.alertmanager import MAX_ALERTS
from smartagent.rest.own_errors import HAS_OWN_ERRORS, own_errors

STATUSES = (400, 401, 403, 405, 413, 415, 429, 500, 503)
OWNER = OpenApiParameter(
    "user", {"type": "string", "minLength": 1},
    description="Whose series are written: an e-mail address, an ID, or platform. Default: the token's person.",
)  # fmt: skip
PRECISION = OpenApiParameter(
    "precision", {"type": "string", "enum": ["ns", "us", "ms", "s"]}, description="The unit of times. Default: ns."
)
RULE_OF_ALERTS = OpenApiParameter(
    "rule", {"type": "string", "enum": ["on", "off"]},
    description="on: create a rule on such alerts where the person has none. Default: off.",
)  # fmt: skip
NO_CONTENT = OpenApiResponse(description="All is stored, or is nothing that is lost.")
DETAIL_SCHEMA = {"type": "object", "required": ["detail"],
                 "properties": {"detail": {"type": "array", "items": {"type": "string"}}}}  # fmt: skip
INFLUX_SCHEMA = {"type": "object", "required": ["code", "message"],
                 "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}  # fmt: skip
WEBHOOK_SCHEMA = {
    "type": "object",
    "required": ["version", "alerts"],
    "properties": {
        "version": {"const": "4"},
        "receiver": {"type": "string"},
        "truncatedAlerts": {"type": "integer"},
        "alerts": {
            "type": "array", "maxItems": MAX_ALERTS,
            "items": {
                "type": "object", "required": ["status", "labels", "startsAt"],
                "properties": {
                    "status": {"enum": ["firing", "resolved"]},
                    "labels": {
                        "type": "object", "required": ["alertname"], "additionalProperties": {"type": "string"},
                        "properties": {"alertname": {"type": "string", "minLength": 1}},
                    },
                    "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                    "startsAt": {"type": "string", "format": "date-time"},
                },
            },
        },
    },
}  # fmt: skip
WEBHOOK_EXAMPLE = {
    "version": "4", "receiver": "smartagent",
    "alerts": [{"status": "firing", "labels": {"alertname": "HighLoad", "severity": "critical"},
                "annotations": {"summary": "The load is high"}, "startsAt": "2026-03-02T10:00:00Z"}],
}  # fmt: skip


def _described(
    operation_id: str, summary: str, description: str, media_type: str, body: Any, example: Any,
    *parameters: OpenApiParameter, responses: dict[Any, Any],
) -> Any:  # fmt: skip
    examples = [OpenApiExample("Request", value=example, request_only=True)] if example else None
    operation = extend_schema(
        operation_id=operation_id, tags=["samples"], summary=summary, description=description,
        request={media_type: body}, examples=examples,
        parameters=[OWNER, *parameters], responses=responses, extensions=HAS_OWN_ERRORS,
    )  # fmt: skip
    return extend_schema_view(post=operation)


describes_remote_write = _described(
    "remote_write",
    "Write samples by Prometheus remote write",
    "Versions 1.0 and 2.0: a protobuf message `prometheus.WriteRequest` or `io.prometheus.write.v2.Request` (then with "
    "`;proto=` in the Content-Type), compressed by snappy in its block format. With 400, all else is stored.",
    "application/x-protobuf", OpenApiTypes.BINARY, None,
    responses={204: NO_CONTENT}
    | own_errors("text/plain", {"type": "string"}, "Invalid protobuf message.\n", STATUSES),
)  # fmt: skip
describes_line_protocol = _described(
    "influx_write",
    "Write samples by line protocol",
    "As InfluxDB 2 takes them; a field is the metric `measurement_field`. With 400, all else is stored.",
    "text/plain", {"type": "string"}, "cpu,host=web-1 usage_idle=71.5 1772445600000000000", PRECISION,
    responses={204: NO_CONTENT}
    | own_errors(
        "application/json", INFLUX_SCHEMA, {"code": "invalid", "message": "partial write: …"}, STATUSES
    ),
)  # fmt: skip
describes_webhook = _described(
    "alertmanager_receive",
    "Take alerts of Alertmanager",
    "Alertmanager's webhook, version 4. Each alert is a sample of the series `alertmanager_alert` and, once for each "
    "time that it fires or is resolved, an audit event. With 400, all else is stored.",
    "application/json", WEBHOOK_SCHEMA, WEBHOOK_EXAMPLE, RULE_OF_ALERTS,
    responses={
        200: OpenApiResponse(
            {"type": "object", "required": ["accepted"], "properties": {"accepted": {"type": "integer"}}},
            description="Number of alerts that are stored.",
        )
    }
    | own_errors(
        "application/json", DETAIL_SCHEMA, {"detail": ["The version must be “4”."]}, set(STATUSES) - {429}
    ),
)  # fmt: skip
