"""The page “Log verification”: whether the activity log is as it was written, and what that proves."""

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_q.models import OrmQ
from django_q.tasks import async_task

from rules.audit.state import audit_state
from smartagent.kernel.command_line import actor_facts
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.scope import has_everyone

VERIFY_TASK, TASK_NAME = "rules.tasks.verify_entries", "verify the activity log"
REQUESTED = "Verification requested. Its result is shown here when a worker has finished it."
IN_PROGRESS = "A verification is requested already. Its result is shown here when a worker has finished it."
MAX_WAITING_LOOKED_AT = 500


@require_http_methods(["GET", "HEAD", "POST"])
def audit_page(request: HttpRequest) -> HttpResponse:
    """Show the state of the chain; request a verification."""
    if not has_everyone(request.user, "view"):
        raise PermissionDenied
    if request.method == "POST":
        _request_verification(request)
        return HttpResponseRedirect(reverse("admin:audit"))
    context = site.each_context(request) | {"title": "Log verification", "state": audit_state()}
    return TemplateResponse(request, "rules/audit.html", context)


def _request_verification(request: HttpRequest) -> None:
    """Let a worker do it, unless one waits: however often the button is pressed, one is enough."""
    with as_owner():
        if any(each.name() == TASK_NAME for each in OrmQ.objects.order_by("-id")[:MAX_WAITING_LOOKED_AT]):
            messages.info(request, IN_PROGRESS)
            return
        async_task(VERIFY_TASK, dict(actor_facts(request.user)), task_name=TASK_NAME)
    messages.success(request, REQUESTED)
