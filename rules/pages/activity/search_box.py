"""Suggestions for the search of the activity list."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse

from rules.filters.activity import MAX_SEARCH_LENGTH
from rules.search.suggestions import suggestions


def suggest(request: HttpRequest, model_admin: Any) -> JsonResponse:
    """What the text `search` may go on with: `{"suggestions": [{"search", "label", "help"}]}`."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    text = request.GET.get("search", "")[:MAX_SEARCH_LENGTH]
    return JsonResponse({"suggestions": [asdict(found) for found in suggestions(text, request.user)]})
