"""The base of operations on integrations: the row, its settings, and its credentials."""

from typing import Any

from optimizer.operations import OperationFailed, Task
from rules.models import Integration
from smartagent.kernel.sealing import SecretLost, unseal

INTEGRATION_DELETED = "The integration was deleted."


def integration_of(task: Task, *, locked: bool = False) -> Integration:
    """The integration that the task names; OperationFailed where it is gone, or somebody else's."""
    rows = Integration.objects.filter(pk=task.integration, user=task.person)
    found: Integration | None = (rows.select_for_update() if locked else rows).first()
    if found is None:
        raise OperationFailed(INTEGRATION_DELETED)
    return found


def setting(integration: Integration, name: str) -> Any:
    """One of its settings; None where it has none of that name."""
    return integration.config.get(name) if isinstance(integration.config, dict) else None


def address(integration: Integration, name: str) -> str:
    """One of its addresses; OperationFailed where its settings have none."""
    found = setting(integration, name)
    if not isinstance(found, str) or not found:
        raise OperationFailed(f"The settings of {integration} have no {name}.")
    return found


def credentials_of(integration: Integration) -> dict[str, Any]:
    """Its credentials in clear, empty without any; OperationFailed where they cannot be read."""
    if not integration.credentials_encrypted:
        return {}
    try:
        found = unseal(integration.credentials_encrypted)
    except SecretLost as error:
        raise OperationFailed(str(error)) from None
    return found if isinstance(found, dict) else {}
