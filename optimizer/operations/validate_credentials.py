"""validate_credentials: tests the access token with a request, and reports its expiry; changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from optimizer.operations import Done, Operation, OperationFailed, PreviewedChange, Task
from optimizer.operations.http import accepted
from optimizer.operations.integrations import address, credentials_of, integration_of
from rules.models import Integration
from rules.text.context import time_of
from smartagent.kernel.durations import format_duration
from smartagent.kernel.formats import clock_utc
from smartagent.outbound.client import Answer, send

REFUSED_STATUSES = (401, 403)


class ValidateCredentials(Operation):
    kind = "validate_credentials"
    label = "Check credentials"
    help = "Calls a URL that requires the access token (probe_url); changes nothing."
    reversible = True
    changes = False

    def check(self, task: Task) -> None:
        integration = integration_of(task)
        address(integration, "probe_url")
        _token(integration)

    def preview(self, task: Task) -> list[PreviewedChange]:
        return []

    def reach(self, task: Task) -> Answer:
        integration = integration_of(task)
        headers = {"Authorization": f"Bearer {_token(integration)}"}
        answer = send("GET", address(integration, "probe_url"), headers=headers)
        return answer if answer.code in REFUSED_STATUSES else accepted(str(integration), answer)

    def apply(self, task: Task, reached: Answer) -> Done:
        integration = integration_of(task)
        expires = time_of(integration.config or {}, "token_expires_at")
        after = {"works": reached.succeeded, "code": reached.code, "expires_at": expires and expires.isoformat()}
        verdict = "work" if reached.succeeded else "are refused"
        return Done(after=after, result=f"The credentials of {integration} {verdict}; {_expiry(expires, task.now)}.")

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Nothing to undo."""


def _token(integration: Integration) -> str:
    found = credentials_of(integration).get("access_token")
    if not isinstance(found, str) or not found:
        raise OperationFailed(f"The credentials of {integration} have no access_token.")
    return found


def _expiry(expires: datetime | None, now: datetime) -> str:
    if expires is None:
        return "expiry unknown"
    if expires <= now:
        return f"they expired {format_duration(now - expires)} ago"
    return f"they expire in {format_duration(expires - now)}, on {clock_utc(expires)}"
