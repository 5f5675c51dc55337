"""Suggestions for the field of recipients."""

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from notifications.routing.recipient_suggestions import suggest_recipients
from smartagent.kernel.limits import limited

MAX_SEARCHED = 100  # characters


@require_safe
@limited("searches", lambda words: JsonResponse({"error": words}))
def recipients(request: HttpRequest) -> JsonResponse:
    """Who may be meant by the text `search`: `{"recipients": [{"value", "label", "kind", "detail"}]}`."""
    text = request.GET.get("search", "")[:MAX_SEARCHED].replace("\0", "")
    return JsonResponse({"recipients": [asdict(found) for found in suggest_recipients(text, request.user)]})
