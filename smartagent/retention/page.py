"""The page Retention."""

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from smartagent.retention.overview import retention_overview
from smartagent.retention.permissions import may_look


@require_GET
def retention_page(request: HttpRequest) -> HttpResponse:
    """Show what is kept, for how long, and how large it becomes."""
    if not may_look(request):
        raise PermissionDenied
    context = site.each_context(request) | {"title": "Retention", "retention": retention_overview(timezone.now())}
    return TemplateResponse(request, "smartagent/retention.html", context)
