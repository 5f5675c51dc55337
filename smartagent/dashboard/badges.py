"""The numbers beside the navigation: what fires, what is unread, what is proposed; of whoever looks."""

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.models import RuleState
from smartagent.kernel.schema_drift_log import if_there
from smartagent.kernel.scope import OwnedQuerySet

MAX_BADGE = 99


def firing(request: HttpRequest) -> SafeString:
    """The instances that fire, of the rules that the person sees."""
    return _shown("firing", _firing(request))


def unread(request: HttpRequest) -> SafeString:
    """The unread notifications of the person."""
    return _shown("unread", _unread(request))


def proposed(request: HttpRequest) -> SafeString:
    """The proposals that the person sees."""
    return _shown("proposed", _proposed(request))


def badges(request: HttpRequest) -> JsonResponse:
    """All three, for the page to keep up to date: `99+` where there are more."""
    counts = {"firing": _firing(request), "unread": _unread(request), "proposed": _proposed(request)}
    return JsonResponse({name: _text(count) for name, count in counts.items()})


def _firing(request: HttpRequest) -> int:
    return _count(RuleState.objects.firing().visible_to(request.user))


def _unread(request: HttpRequest) -> int:
    """Counted once a request: the navigation and the bell both show it."""
    known: int | None = getattr(request, "unread_count", None)
    if known is None:
        known = _count(Notification.objects.addressed_to(request.user).unread(timezone.now()))
        request.unread_count = known  # type: ignore[attr-defined]
    return known


def _proposed(request: HttpRequest) -> int:
    return _count(OptimizationEvent.objects.proposed().visible_to(request.user))


def _count(rows: OwnedQuerySet) -> int:
    """As many as there are, but not counting far beyond what is shown; none where they cannot be counted."""
    return if_there(rows.order_by()[: MAX_BADGE + 1].count) or 0


def _text(count: int) -> str:
    return f"{MAX_BADGE}+" if count > MAX_BADGE else str(count) if count else ""


def _shown(name: str, count: int) -> SafeString:
    return format_html('<span data-badge="{}">{}</span>', name, _text(count))
