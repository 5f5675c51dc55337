"""The webhook of Prometheus's Alertmanager, version 4: alerts become audit events and series.

Alertmanager repeats a notification that is answered with 5xx, and no other: 503 stands for 429 here.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from rest_framework.exceptions import ParseError

from rules.api.protocols.base import ProtocolView
from rules.api.protocols.bodies import ungzipped
from rules.api.protocols.schema import describes_webhook
from rules.authoring.alertmanager_rule import ensure_alertmanager_rule
from rules.ingest.intake import Intake
from rules.ingest.protocols.alertmanager import read_webhook
from rules.models import AuditEvent
from smartagent.models import User
from smartagent.rest.bodies import LARGE, refuse_many
from smartagent.rest.parsers import read_json


@describes_webhook
class AlertmanagerView(ProtocolView):
    protocol = "Alertmanager"

    def plain(self, encoding: str, body: bytes) -> bytes:
        return ungzipped(encoding, body)

    def read(self, body: bytes, intake: Intake) -> None:
        wanted = self.request.GET.get("rule", "off")
        if wanted not in ("on", "off"):
            raise ParseError("The parameter rule is on or off.")
        self.events = read_webhook(_json(body), intake)
        self.wants_rule = wanted == "on"
        if self.wants_rule and intake.owner is None:
            raise ParseError("Alerts of the platform have no owner of a rule: create a rule for everyone yourself.")

    def _ensure_rule(self, owner: UUID, now: datetime) -> None:
        """Make the owner's rule on such alerts where there is none."""
        by: User = self.request.user  # type: ignore[assignment]
        ensure_alertmanager_rule(User.objects.get(pk=owner), by, now)

    def store(self, intake: Intake) -> None:
        with transaction.atomic():
            if self.wants_rule and intake.owner is not None:
                self._ensure_rule(intake.owner, intake.now)
            super().store(intake)
            AuditEvent.objects.bulk_create(self.events, ignore_conflicts=True)

    def answer(self, intake: Intake) -> HttpResponseBase:
        if intake.refused:
            return self.error(400, intake.in_words())
        return _response({"accepted": len(self.events)}, 200)

    def error(self, status: int, message: str) -> HttpResponse:
        return _response({"detail": [message]}, 503 if status == 429 else status)


def _json(body: bytes) -> Any:
    try:
        text = str(body, "utf-8")
        refuse_many(text, LARGE)
        return read_json(text)
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}"[:300]) from None


def _response(body: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(json.dumps(body), status=status, content_type="application/json")
