"""retry_connection: requests an integration's health URL, and stores its status."""

from collections.abc import Mapping
from typing import Any

from optimizer.operations import Done, Operation, OperationFailed, PreviewedChange, Task
from optimizer.operations.http import in_words, may_pass, refused
from optimizer.operations.integrations import address, integration_of
from rules.models import Integration
from smartagent.outbound.client import Answer, send

MAX_ANSWER_LENGTH = 200  # characters of an answer that are kept


class RetryConnection(Operation):
    kind = "retry_connection"
    label = "Retry connection"
    help = "Calls the health URL (health_url) of the integration and sets its status by the answer."
    reversible = True

    def check(self, task: Task) -> None:
        address(integration_of(task), "health_url")

    def preview(self, task: Task) -> list[PreviewedChange]:
        status = integration_of(task).status
        return [PreviewedChange("Status", status, "active if it answers, error if it refuses")]

    def reach(self, task: Task) -> Answer:
        integration = integration_of(task)
        answer = send("GET", address(integration, "health_url"))
        if may_pass(answer.code):
            raise refused(str(integration), answer.code)
        return answer

    def apply(self, task: Task, reached: Answer) -> Done:
        integration = integration_of(task, locked=True)
        before = _state(integration)
        integration.status, integration.error_message = _found(integration, reached)
        integration.save(update_fields=["status", "error_message", "updated_at"])
        answered = {"code": reached.code, "text": reached.excerpt[:MAX_ANSWER_LENGTH]}
        result = f"{integration} answered {in_words(reached.code)}: it is {integration.status}, before: "
        return Done(
            before=before, after=_state(integration) | {"answer": answered}, result=f"{result}{before['status']}."
        )

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        integration = integration_of(task, locked=True)
        if _state(integration) != {name: after[name] for name in ("status", "error_message")}:
            raise OperationFailed(
                f"{integration} has changed to {integration.status} since then, so the status is kept."
            )
        integration.status, integration.error_message = before["status"], before["error_message"]
        integration.save(update_fields=["status", "error_message", "updated_at"])


def _state(integration: Integration) -> dict[str, Any]:
    return {"status": integration.status, "error_message": integration.error_message}


def _found(integration: Integration, answer: Answer) -> tuple[str, str | None]:
    if answer.succeeded:
        return Integration.Status.ACTIVE.value, None
    return Integration.Status.ERROR.value, f"The health URL answered {in_words(answer.code)}."
