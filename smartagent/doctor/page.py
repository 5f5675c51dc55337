"""The page System health: findings, tables, and a button for safe repairs."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rules.evaluation.readings import cause_of
from smartagent.doctor.examination import examine
from smartagent.doctor.permissions import may_look, may_repair
from smartagent.doctor.repair import AlreadyRepairing, repair
from smartagent.kernel import schema_drift
from smartagent.postgres import hidden_rows
from smartagent.shell.confirmation import Confirmation, confirm, is_confirmed

MAX_FINDINGS_NAMED = 12
REPAIR_WARNING = (
    "The repair creates missing objects and drops no table, column or row. Other users can keep working. Large tables "
    "can take several minutes; keep this page open."
)


@require_GET
def schema(request: HttpRequest) -> HttpResponse:
    """Show the report."""
    if not may_look(request):
        raise PermissionDenied
    hidden_rows.forget()
    schema_drift.forget()  # so that the banner agrees with the page
    context = _context(request) | {"may_repair": may_repair(request)}
    return TemplateResponse(request, "smartagent/schema/page.html", context)


@require_POST
def repair_schema(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, then repair."""
    if not may_repair(request):
        raise PermissionDenied
    if not is_confirmed(request):
        return _ask(request)
    try:
        repairs = repair(connection)
    except AlreadyRepairing as error:
        messages.warning(request, str(error))
    except DatabaseError as error:
        messages.error(request, f"The repair stopped: {cause_of(error)}. Earlier repairs are kept.")
    else:
        _tell(request, "Repaired: ", repairs.done)
        _tell(request, "Could not be repaired: ", repairs.refused, messages.WARNING)
        if not repairs.done and not repairs.refused:
            messages.info(request, "Nothing to repair.")
    return HttpResponseRedirect(reverse("admin:schema"))


def _ask(request: HttpRequest) -> HttpResponse:
    report = examine(connection, timezone.now())
    requested = Confirmation(
        title="Repair the database?", verb="Repair" if report.repairable else "", cancel=reverse("admin:schema"),
        warning=REPAIR_WARNING if report.repairable else "Nothing to repair.",
    )  # fmt: skip
    return confirm(request, requested, "smartagent/schema/confirm.html", {"report": report})


def _context(request: HttpRequest) -> dict[str, Any]:
    report = examine(connection, timezone.now())
    return site.each_context(request) | {"title": "System health", "report": report}


def _tell(request: HttpRequest, words: str, lines: list[str], level: int = messages.SUCCESS) -> None:
    if lines:
        more = f"; and {len(lines) - MAX_FINDINGS_NAMED} more" if len(lines) > MAX_FINDINGS_NAMED else ""
        messages.add_message(request, level, f"{words}{'; '.join(lines[:MAX_FINDINGS_NAMED])}{more}.")
