"""A person's integrations on the example platform, and their synchronisation.

An integration that does not respond, or refuses its token, gets the status error. Nothing is repaired here."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from optimizer.operations.http import in_words
from rules.models import Integration
from smartagent.demo.platform.service import Service
from smartagent.kernel.sealing import seal, unseal
from smartagent.outbound.client import send
from smartagent.outbound.errors import NotSent

PLATFORM_MARK = "example_platform"  # in the settings of an integration that stands on it: the service
MINUTES = 15  # between two synchronisations
CHECK_NAMES = {"health_url": "Health check", "probe_url": "Check of the access token"}  # by the setting


def settings_of(service: Service, address: str) -> dict[str, Any]:
    """Return the settings of an integration with a service of the platform."""
    at = f"{address}/{service.name}"
    return {
        "health_url": f"{at}/health", "probe_url": f"{at}/me", "token_url": f"{at}/oauth/token",
        "refresh_url": f"{at}/refresh", "sync_interval_minutes": MINUTES, PLATFORM_MARK: service.name,
        "token_expires_at": service.as_dict()["token_expires_at"],
    }  # fmt: skip


def connect(person: UUID, service: Service, address: str, now: datetime) -> Integration:
    """Create or update the person's integration of this name, active, with the service as its platform."""
    values = {
        "status": Integration.Status.ACTIVE, "error_message": None, "last_sync_at": now,
        "config": settings_of(service, address), "credentials_encrypted": seal(service.credentials()),
    }  # fmt: skip
    made: Integration = Integration.objects.update_or_create(
        user_id=person, integration_type=service.name, defaults=values
    )[0]
    return made


def look(integration: Integration, now: datetime) -> str:
    """Request its health as a synchronisation would, save the status; return the error, empty if there is none.

    A status of error stays until somebody decides to retry.
    """
    wrong = _asked(integration)
    active = Integration.objects.filter(pk=integration.pk, status=Integration.Status.ACTIVE)
    if wrong:
        active.update(status=Integration.Status.ERROR, error_message=wrong, updated_at=now)
    else:
        stale = active.filter(last_sync_at__lte=now - timedelta(minutes=MINUTES))
        stale.update(last_sync_at=now, updated_at=now)
    return wrong


def _asked(integration: Integration) -> str:
    token = str(unseal(integration.credentials_encrypted or "")["access_token"])
    asked = {"health_url": {}, "probe_url": {"Authorization": f"Bearer {token}"}}
    for name, headers in asked.items():
        try:
            answer = send("GET", integration.config[name], headers=headers)
        except NotSent as cause:
            return str(cause)
        if not answer.succeeded:
            return f"{CHECK_NAMES[name]} failed: {in_words(answer.code)}."
    return ""
