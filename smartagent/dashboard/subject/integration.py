"""The page of an integration: status over time, last sync, credentials, and all that is about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rules.models import Integration
from rules.pages.periods import HISTORY_DAYS, chosen_days
from rules.text.context import time_of
from smartagent.dashboard.subject.check import check, configured_checks, labels
from smartagent.dashboard.subject.sections import links_of, sections_of
from smartagent.dashboard.subject.status_history import status_history
from smartagent.dashboard.subject.subject import PageSubject
from smartagent.kernel.durations import age_text, length_text
from smartagent.kernel.limits import limited
from smartagent.kernel.schema_drift_log import if_there
from smartagent.kernel.sealing import sealed_at
from smartagent.shell.owned_admin import OwnedAdmin

NO_CHECKS = "The settings of this integration have neither a health_url nor a probe_url, so there is nothing to check."


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known of stored credentials without showing them."""

    are_stored: bool
    stored_at: datetime | None
    expiry: str
    has_expired: bool


@require_safe
def integration_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show the integration; 404 where the viewer may not see it."""
    integrations = _admin()
    integration, now = integrations.find(request, key, "user"), timezone.now()
    days = chosen_days(request)
    subject = PageSubject(viewer=request.user, person=integration.user, now=now, integration=integration)
    context = {
        "title": f"{integration} of {integration.user}", "integration": integration, "subject": subject,
        "days": days, "all_days": HISTORY_DAYS, "history": if_there(lambda: status_history(integration, days, now)),
        "credentials": credentials_of(integration, now), "sync_minutes": _setting(integration, "sync_interval_minutes"),
        "may_change": integrations.has_change_permission(request, integration),
        "checks": labels(configured_checks(integration)), "links": links_of(subject),
        "sections": sections_of(request, subject),
    }  # fmt: skip
    page: HttpResponse = integrations.show(request, "smartagent/subject/integration.html", context)
    return page


@require_POST
@limited("previews")
def check_integration(request: HttpRequest, key: UUID) -> HttpResponse:
    """Check the integration now, and show what was found; 403 where the viewer may not change it."""
    integrations = _admin()
    integration = integrations.find(request, key, "user")
    if not integrations.has_change_permission(request, integration):
        raise PermissionDenied
    if not configured_checks(integration):
        messages.warning(request, NO_CHECKS)
    else:
        passed, said = check(integration, request.user, timezone.now())
        messages.add_message(request, messages.SUCCESS if passed else messages.ERROR, said)
    return HttpResponseRedirect(reverse("admin:integration", args=[integration.pk]))


def credentials_of(integration: Integration, now: datetime) -> Credentials:
    """The age of the credentials, and when the access token expires, as the settings say."""
    sealed = integration.credentials_encrypted
    expires = time_of(integration.config if isinstance(integration.config, dict) else {}, "token_expires_at")
    return Credentials(
        are_stored=bool(sealed),
        stored_at=sealed_at(sealed) if sealed else None,
        expiry=_expiry(expires - now) if expires else "",
        has_expired=bool(expires and expires <= now),
    )


def _admin() -> OwnedAdmin:
    found: Any = admin.site.get_model_admin(Integration)
    return found  # type: ignore[no-any-return]


def _expiry(left: timedelta) -> str:
    if left <= timedelta(0):
        return f"expired {age_text(-left)}"
    return f"expires in {length_text(left)}"


def _setting(integration: Integration, name: str) -> Any:
    return integration.config.get(name) if isinstance(integration.config, dict) else None
