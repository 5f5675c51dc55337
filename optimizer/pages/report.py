"""The weekly report as a page, and as the mail that is sent."""

from csp.decorators import csp
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from optimizer.measurement.weekly_report import report_of
from optimizer.measurement.weekly_report_mail import preview
from smartagent.kernel.scope import has_everyone
from smartagent.shell.security_headers import MAIL_POLICY


@require_safe
def report_page(request: HttpRequest) -> HttpResponse:
    """Show the report of the last seven days to people who may see everyone's data."""
    _require_access(request)
    report = report_of(timezone.now())
    context = site.each_context(request) | {"title": report.title, "report": report}
    return render(request, "optimizer/report.html", context)


@csp(MAIL_POLICY)
@xframe_options_sameorigin
@require_safe
def report_mail(request: HttpRequest) -> HttpResponse:
    """The report as an e-mail, for the frame of its page."""
    _require_access(request)
    now = timezone.now()
    return HttpResponse(preview(report_of(now), now, request.user))


def _require_access(request: HttpRequest) -> None:
    user = request.user
    if not (user.has_perm("optimizer.view_optimizationevent") and has_everyone(user, "view")):
        raise PermissionDenied
