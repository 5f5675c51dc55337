"""The weekly report as a page, and as the mail that is sent."""

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from optimizer.measurement.weekly_report import report_of
from optimizer.measurement.weekly_report_mail import preview
from smartagent.kernel.scope import has_everyone


@require_safe
def report_page(request: HttpRequest) -> HttpResponse:
    """Show the report of the last seven days to people who may see everyone's data."""
    user = request.user
    if not (user.has_perm("optimizer.view_optimizationevent") and has_everyone(user, "view")):
        raise PermissionDenied
    now = timezone.now()
    report = report_of(now)
    context = site.each_context(request) | {
        "title": report.title, "report": report, "mail": preview(report, now, user),
    }  # fmt: skip
    return render(request, "optimizer/report.html", context)
