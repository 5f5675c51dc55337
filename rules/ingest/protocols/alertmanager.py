"""The webhook of Prometheus's Alertmanager, version 4
(https://prometheus.io/docs/alerting/latest/configuration/#webhook_config): into an `Intake` and audit events.

An alert is the series `alertmanager_alert` with its labels: 1 while it fires, 0 once it is resolved. Each time that it
fires or is resolved is an audit event; a notification that is repeated is the event that there is.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from rules.ingest.intake import Intake, Reason
from rules.ingest.translation import translate
from rules.models import AuditEvent
from smartagent.kernel.texts import keepable
from smartagent.kernel.times import read_time

ALERT_METRIC, ALERT_EVENT = "alertmanager_alert", "alertmanager_alert"
VALUES = {"firing": 1.0, "resolved": 0.0}
MAX_ALERTS, MAX_TEXT = 10_000, 2000
FURTHER_FIELDS = ("startsAt", "endsAt", "generatorURL", "fingerprint")
SEVERITY_OF_LABEL = {
    "critical": "critical", "page": "critical", "error": "error", "major": "error", "warning": "warning",
    "warn": "warning", "minor": "warning",
}  # fmt: skip


def read_webhook(body: Any, intake: Intake) -> list[AuditEvent]:
    """The audit events of a webhook's body; its alerts are added to `intake`. ValueError where it is not version 4."""
    if not isinstance(body, dict) or not isinstance(body.get("alerts"), list):
        raise ValueError("The body must be an object with a list of alerts, as Alertmanager's webhook sends it.")
    if body.get("version") != "4":
        raise ValueError("The version must be “4”.")
    if len(body["alerts"]) > MAX_ALERTS:
        raise ValueError(f"At most {MAX_ALERTS:,} alerts are taken at once.")
    left_out = body.get("truncatedAlerts")
    if isinstance(left_out, int) and 0 < left_out < 2**31:
        intake.leave_out(Reason.TRUNCATED, left_out, "Alertmanager's max_alerts left them out")
    return list(_events(body["alerts"], body.get("receiver"), intake))


def _events(alerts: list[Any], receiver: Any, intake: Intake) -> Iterator[AuditEvent]:
    for number, alert in enumerate(alerts, start=1):
        try:
            yield _event(alert, receiver, intake)
        except ValueError as error:
            intake.leave_out(Reason.ALERT, 1, f"alert {number}: {error}")


def _event(alert: Any, receiver: Any, intake: Intake) -> AuditEvent:
    if not isinstance(alert, dict):
        raise ValueError("it must be an object.")
    labels, annotations = _texts(alert, "labels"), _texts(alert, "annotations")
    status, at = alert.get("status"), _time(alert, "startsAt")
    if not isinstance(status, str) or status not in VALUES:
        raise ValueError("its status must be firing or resolved.")
    if not labels.get("alertname"):
        raise ValueError("the label alertname is missing.")
    named = translate(ALERT_METRIC, labels.items())
    if isinstance(named, str):
        raise ValueError(named)
    intake.add(intake.place(named), intake.received_at, VALUES[status])
    return AuditEvent(
        id=_id(intake.owner, named[1], status, at), user_id=intake.owner, event_type=ALERT_EVENT,
        severity=_severity(labels) if status == "firing" else AuditEvent.Severity.INFO,
        message=_message(labels["alertname"], status, annotations), created_at=intake.now,
        metadata={"labels": labels, "annotations": annotations, "status": status} | _further(alert, receiver),
    )  # fmt: skip


def _id(owner: UUID | None, key: str, status: str, at: datetime) -> UUID:
    """The id of an event, the same for each repetition of a notification."""
    return uuid5(NAMESPACE_URL, f"{ALERT_EVENT} {owner} {status} {at.isoformat()} {key}")


def _severity(labels: Mapping[str, str]) -> str:
    return SEVERITY_OF_LABEL.get(labels.get("severity", "").lower(), "info")


def _message(name: str, status: str, annotations: Mapping[str, str]) -> str:
    said = annotations.get("summary") or annotations.get("description") or annotations.get("message") or ""
    return f"{name} is {status}{': ' if said else '.'}{said}"[:MAX_TEXT]


def _texts(alert: dict[str, Any], field: str) -> dict[str, str]:
    texts = alert.get(field, {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError(f"its {field} must be an object of texts.")
    if not all(keepable(text) for pair in texts.items() for text in pair):
        raise ValueError(f"its {field} contain a character that cannot be stored.")
    return {name: text[:MAX_TEXT] for name, text in texts.items()}


def _further(alert: dict[str, Any], receiver: Any) -> dict[str, str]:
    """Other fields of an alert, as far as they are texts that can be stored."""
    texts = {name: alert.get(name) for name in FURTHER_FIELDS} | {"receiver": receiver}
    return {name: text[:MAX_TEXT] for name, text in texts.items() if isinstance(text, str) and keepable(text)}


def _time(alert: dict[str, Any], field: str) -> datetime:
    try:
        return read_time(alert[field])
    except (KeyError, ValueError):
        raise ValueError(f"its {field} must be a time, for example 2026-03-02T10:00:00Z.") from None
