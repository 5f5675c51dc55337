"""The page “Log verification”: whether the activity log is as it was written, and what that proves."""

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_q.models import OrmQ
from django_q.tasks import async_task
from redis.exceptions import RedisError

from rules.audit.acceptance import MAX_REASON, NotAccepted, accept, count_of_link, entries_of_link, refusal_of
from rules.audit.state import audit_state
from rules.models import AuditLink
from rules.text.activity import named_entries
from smartagent.kernel.command_line import actor_facts
from smartagent.kernel.formats import counted
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.scope import has_everyone
from smartagent.shell.confirmation import Confirmation, confirm, is_confirmed
from smartagent.shell.posted_text import posted_text

VERIFY_TASK, TASK_NAME = "rules.tasks.verify_entries", "verify the activity log"
REQUESTED = "Verification requested. Its result is shown here when a worker has finished it."
NO_QUEUE = "The verification was not requested: Redis, where tasks are queued, does not answer."
IN_PROGRESS = "A verification is requested already. Its result is shown here when a worker has finished it."
MAX_WAITING_LOOKED_AT = 500
WHAT_ACCEPTING_MEANS = (
    "These entries have times long before they were first seen: a program has written them with old times, or somebody "
    "has inserted them. Accepting says that you know where they come from. Your name and the reason become an entry of "
    "the log, which cannot be taken back."
)


@require_http_methods(["GET", "HEAD", "POST"])
def audit_page(request: HttpRequest) -> HttpResponse:
    """Show the state of the chain; request a verification."""
    if not has_everyone(request.user, "view"):
        raise PermissionDenied
    if request.method == "POST":
        _request_verification(request)
        return HttpResponseRedirect(reverse("admin:audit"))
    context = site.each_context(request) | {
        "title": "Log verification", "state": audit_state(), "may_accept": _may_accept(request),
    }  # fmt: skip
    return TemplateResponse(request, "rules/audit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def accept_page(request: HttpRequest, number: int) -> HttpResponse:
    """Show the late entries of a link, and accept them with a reason; for administrators."""
    if not _may_accept(request):
        raise PermissionDenied
    if not AuditLink.objects.filter(number=number).exists():
        raise Http404("There is no such link.")
    problem, reason = "", request.POST.get("reason", "")
    if is_confirmed(request):
        try:
            done = accept([number], posted_text(request, "reason"), actor_facts(request.user), timezone.now())
        except (NotAccepted, ValueError) as error:
            problem = str(error)
        else:
            messages.success(request, f"{counted(done.entries, 'entry', 'entries')} accepted.")
            _request_verification(request)
            return HttpResponseRedirect(reverse("admin:audit"))
    return _confirm_acceptance(request, number, problem, reason)


def _confirm_acceptance(request: HttpRequest, number: int, problem: str, reason: str) -> HttpResponse:
    refusal = refusal_of(number)
    asked = Confirmation(
        title=f"Accept the entries of link {number}?", verb="" if refusal else "Accept", cancel=reverse("admin:audit"),
        warning=refusal or WHAT_ACCEPTING_MEANS, focus=False,
    )  # fmt: skip
    shown = {
        "entries": named_entries(entries_of_link(number)), "problem": problem, "reason": reason[:MAX_REASON],
        "max_reason": MAX_REASON, "refusal": refusal, "count": count_of_link(number),
    }  # fmt: skip
    return confirm(request, asked, "rules/accept_entries.html", shown)


def _may_accept(request: HttpRequest) -> bool:
    """Administrators only."""
    return bool(request.user.has_perm("smartagent.change_user"))


def _request_verification(request: HttpRequest) -> None:
    """Let a worker do it, unless one waits: however often the button is pressed, one is enough."""
    with as_owner():
        if any(each.name() == TASK_NAME for each in OrmQ.objects.order_by("-id")[:MAX_WAITING_LOOKED_AT]):
            messages.info(request, IN_PROGRESS)
            return
        try:
            async_task(VERIFY_TASK, dict(actor_facts(request.user)), task_name=TASK_NAME)
        except RedisError:
            messages.error(request, NO_QUEUE)
            return
    messages.success(request, REQUESTED)
