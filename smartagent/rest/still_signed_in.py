"""Whether who asked for a stream is still signed in: it ends with the session or the token."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.request import Request

from smartagent.models import APIToken, BrowserSession


def still_signed_in(request: Request) -> Callable[[], bool]:
    """What tells it later, by one query each time."""
    person: Any = request.user.pk
    if isinstance(request.auth, APIToken):
        token = request.auth.pk
        return lambda: _tokens(token).filter(user_id=person, user__is_active=True).exists()
    key = request._request.session.session_key
    return lambda: BrowserSession.objects.filter(
        pk=key, user_id=person, user__is_active=True, expire_date__gt=timezone.now()
    ).exists()


def _tokens(key: UUID) -> QuerySet[APIToken]:
    return APIToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), pk=key)
