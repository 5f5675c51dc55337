"""refresh_oauth_token: a new access token for an integration, with its refresh token. Neither is ever shown."""

from typing import Any

from optimizer.operations import Done, Operation, OperationFailed, PreviewedChange, Task
from optimizer.operations.integrations import address, credentials_of, integration_of, setting
from optimizer.operations.oauth_tokens import Tokens, request, tokens_of
from rules.models import Integration
from rules.text.context import time_of
from smartagent.kernel.formats import clock_utc
from smartagent.kernel.sealing import seal
from smartagent.outbound.client import send

EXPIRY_COLUMN = "token_expires_at"
NEEDED = ("client_id", "refresh_token")


class RefreshOAuthToken(Operation):
    kind = "refresh_oauth_token"
    label = "Refresh token"
    help = "Requests a new access token from the token URL (token_url) with the stored client and refresh token."

    def check(self, task: Task) -> None:
        integration = integration_of(task)
        address(integration, "token_url")
        _credentials(integration)

    def preview(self, task: Task) -> list[PreviewedChange]:
        expires = time_of(integration_of(task).config or {}, EXPIRY_COLUMN)
        before = f"expires on {clock_utc(expires)}" if expires else "the current token"
        return [PreviewedChange("Access token", before, "a new token")]

    def reach(self, task: Task) -> Tokens:
        integration = integration_of(task)
        credentials = _credentials(integration)
        body, headers = request(credentials, setting(integration, "token_auth_method"))
        headers = headers | {"Idempotency-Key": str(task.id)}
        answer = send("POST", address(integration, "token_url"), content=body, headers=headers)
        return tokens_of(str(integration), answer, str(credentials["refresh_token"]))

    def apply(self, task: Task, reached: Tokens) -> Done:
        integration = integration_of(task, locked=True)
        credentials, config = _credentials(integration), dict(integration.config or {})
        if credentials["refresh_token"] != reached.used:
            raise OperationFailed(f"The credentials of {integration} were changed since then, so they are kept.")
        before = {EXPIRY_COLUMN: config.pop(EXPIRY_COLUMN, None)}
        expires = None if reached.lasts is None else task.now.replace(microsecond=0) + reached.lasts
        after = {EXPIRY_COLUMN: expires and expires.isoformat()}
        integration.config = config | {name: value for name, value in after.items() if value}
        integration.credentials_encrypted = seal(
            credentials | {"access_token": reached.access, "refresh_token": reached.refresh}
        )
        integration.save(update_fields=["config", "credentials_encrypted", "updated_at"])
        until = f"expires on {clock_utc(expires)}" if expires else "has no known expiry"
        return Done(before=before, after=after, result=f"{integration} has a new access token, which {until}.")


def _credentials(integration: Integration) -> dict[str, Any]:
    found = credentials_of(integration)
    if lacking := [name for name in NEEDED if not isinstance(found.get(name), str) or not found[name]]:
        raise OperationFailed(f"The credentials of {integration} have no {' and no '.join(lacking)}.")
    return found
