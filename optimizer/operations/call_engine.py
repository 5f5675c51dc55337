"""call_engine: sends the values of a proposal to an external optimization engine, and stores its answer."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from notifications.channels.webhook import key_of
from optimizer.operations import Done, Operation, OperationFailed, PreviewedChange, Task
from optimizer.operations.http import JSON, NO_KEY, accepted, json_of, signed
from smartagent.outbound.client import Answer, send

MAX_RESULT_LENGTH = 8000  # characters of the result that are kept


class CallEngine(Operation):
    kind = "call_engine"
    label = "Call the optimization engine"
    help = (
        "Posts the values to OPTIMIZATION_ENGINE_URL, signed by Standard Webhooks, and stores the result as evidence."
    )
    changes = False

    def check(self, task: Task) -> None:
        if not settings.OPTIMIZATION_ENGINE_URL:
            raise OperationFailed("No optimization engine: OPTIMIZATION_ENGINE_URL is empty.")
        if key_of(settings.OPTIMIZATION_ENGINE_SECRET) is None:
            raise OperationFailed(f"OPTIMIZATION_ENGINE_SECRET {NO_KEY}")

    def preview(self, task: Task) -> list[PreviewedChange]:
        return []

    def reach(self, task: Task) -> Answer:
        body = json.dumps(_requested(task)).encode()
        key = settings.OPTIMIZATION_ENGINE_SECRET
        headers = JSON | {"Idempotency-Key": str(task.id)}
        headers |= signed(body, task.id, key, "OPTIMIZATION_ENGINE_SECRET")
        answer = send("POST", settings.OPTIMIZATION_ENGINE_URL, content=body, headers=headers)
        return accepted("The engine", answer)

    def apply(self, task: Task, reached: Answer) -> Done:
        result = json_of(reached)
        if result is None:
            raise OperationFailed("The engine did not answer with JSON of at most 64 KB.")
        whole = json.dumps(result, ensure_ascii=False)
        kept = (
            {"result": result}
            if len(whole) <= MAX_RESULT_LENGTH
            else {"beginning": whole[:MAX_RESULT_LENGTH], "characters": len(whole)}
        )
        host = urlsplit(settings.OPTIMIZATION_ENGINE_URL).hostname
        return Done(after=kept, result=f"The engine at {host} answered with {len(whole):,} characters of JSON.")


def _requested(task: Task) -> dict[str, Any]:
    """The JSON: {type, timestamp, data}, as Standard Webhooks advises."""
    data = {"step": str(task.id), "person": str(task.person) if task.person else None, **task.parameters}
    return {"type": "optimization.requested", "timestamp": task.now.isoformat(), "data": data}
