"""Histogram and facets of a list that does not wait for them, and the period that a list begins with."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from rules.models import ActivityEntry
from smartagent.postgres.estimate import estimated

LONG, SHORT = "7d", "24h"
MAX_OF_LONG = 100_000  # entries of a week; a log of more begins with a day


def summary(request: HttpRequest, model_admin: Any) -> TemplateResponse:
    """The histogram and the facets of the list that the address asks for."""
    return TemplateResponse(request, "rules/activity/summary.html", {"cl": _list_of(request, model_admin)})


def exact_histogram(request: HttpRequest, model_admin: Any) -> TemplateResponse:
    """The histogram alone, counted, after it was estimated."""
    changes = _list_of(request, model_admin)
    return TemplateResponse(request, "rules/activity/histogram.html", {"cl": changes, "chart": changes.chart})


def _list_of(request: HttpRequest, model_admin: Any) -> Any:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    return model_admin.get_changelist_instance(request)


def default_period() -> str:
    """A week; of a log that fills quickly, a day."""
    week = ActivityEntry.objects.since(timezone.now() - timedelta(days=7))
    return SHORT if estimated(week).rows > MAX_OF_LONG else LONG
