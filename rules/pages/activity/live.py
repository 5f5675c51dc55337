"""How many entries of the activity list are newer than those shown."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, JsonResponse

from smartagent.kernel.times import read_time

MAX_NEWER = 100


def newer(request: HttpRequest, model_admin: Any) -> JsonResponse:
    """`{"count": n}`, at most MAX_NEWER, with the filters of the address; `than` is the place where the list began."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    filterset = model_admin.filterset(request)
    try:
        moment, _, key = request.GET.get("than", "").partition("~")
        time, last = read_time(moment), UUID(key)
    except ValueError:
        return JsonResponse({"count": 0})
    if not filterset.is_valid():
        return JsonResponse({"count": 0})
    later = Q(created_at__gt=time) | Q(created_at=time, pk__gt=last)
    entries = filterset.filter_queryset(model_admin.get_queryset(request)).filter(later, created_at__gte=time)
    return JsonResponse({"count": entries.order_by()[:MAX_NEWER].count()})
