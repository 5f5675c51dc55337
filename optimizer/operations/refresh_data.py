"""refresh_data: asks an integration to refresh its data, or marks the refresh as due where it has no URL for it."""

import json
from typing import Any

from optimizer.operations import Done, Operation, PreviewedChange, Task
from optimizer.operations.http import JSON, accepted, signed
from optimizer.operations.integrations import credentials_of, integration_of, setting
from rules.models import Integration
from smartagent.kernel.formats import clock_utc
from smartagent.outbound.client import Answer, send

DUE_COLUMN = "refresh_due"


class RefreshData(Operation):
    kind = "refresh_data"
    label = "Refresh data"
    help = "Calls the refresh URL (refresh_url), signed if there is a signing_key; otherwise marks the refresh as due."

    def check(self, task: Task) -> None:
        credentials_of(integration_of(task))

    def preview(self, task: Task) -> list[PreviewedChange]:
        integration = integration_of(task)
        if _address(integration):
            last = integration.last_sync_at
            return [PreviewedChange("Last sync", f"{clock_utc(last)}" if last else "never", "now")]
        return [PreviewedChange("Refresh due", "yes" if setting(integration, DUE_COLUMN) else "no", "yes")]

    def reach(self, task: Task) -> Answer | None:
        integration = integration_of(task)
        if not (url := _address(integration)):
            return None
        last = integration.last_sync_at
        requested = {"integration": integration.integration_type, "since": last.isoformat() if last else None}
        body = json.dumps(requested).encode()
        headers = JSON | {"Idempotency-Key": str(task.id)}
        if key := credentials_of(integration).get("signing_key"):
            headers |= signed(body, task.id, key, f"The signing_key of {integration}")
        return accepted(str(integration), send("POST", url, content=body, headers=headers))

    def apply(self, task: Task, reached: Answer | None) -> Done:
        integration = integration_of(task, locked=True)
        return _mark(integration) if reached is None else _fetched(integration, task, reached)


def _address(integration: Integration) -> str:
    found = setting(integration, "refresh_url")
    return found if isinstance(found, str) else ""


def _mark(integration: Integration) -> Done:
    before = {DUE_COLUMN: setting(integration, DUE_COLUMN)}
    integration.config = dict(integration.config or {}) | {DUE_COLUMN: True}
    integration.save(update_fields=["config", "updated_at"])
    return Done(
        before=before, after={DUE_COLUMN: True}, result=f"{integration} has no refresh_url; its refresh is due."
    )


def _fetched(integration: Integration, task: Task, answer: Answer) -> Done:
    last, config = integration.last_sync_at, dict(integration.config or {})
    before: dict[str, Any] = {
        "last_sync_at": last.isoformat() if last else None,
        DUE_COLUMN: config.pop(DUE_COLUMN, None),
    }
    integration.last_sync_at, integration.config = task.now, config
    integration.save(update_fields=["last_sync_at", "config", "updated_at"])
    after = {"last_sync_at": task.now.isoformat(), "code": answer.code}
    return Done(before=before, after=after, result=f"{integration} refreshed its data.")
