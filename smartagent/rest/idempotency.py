"""Idempotent requests: the response to an `Idempotency-Key` is stored, and returned for each repetition.

Only successful responses are stored. Of two concurrent requests with one key, the second waits for the first.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.models import IdempotencyKey

KEY_SHAPE = re.compile(r"[!-~]{1,255}")
KEY_TTL = timedelta(hours=48)
IDEMPOTENCY_LOCK_SQL = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class KeyReused(exceptions.APIException):
    """This Idempotency-Key was used with another request. Use a new key."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = __doc__
    default_code = "key_reused"


def run_once(request: Request, answer: Callable[[], dict[str, Any]], code: int = status.HTTP_201_CREATED) -> Response:
    """Return the response with the body `answer()`, or the stored one if the request is a repetition; KeyReused."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return Response(answer(), status=code)
    if not KEY_SHAPE.fullmatch(key):
        raise exceptions.ValidationError({"Idempotency-Key": ["Use 1 to 255 ASCII letters, digits or symbols."]})
    owner: Any = request.user
    with transaction.atomic():
        given = _given(request, key)
        if given is None:
            given = IdempotencyKey(
                user=owner, key=key, fingerprint=fingerprint(request), status_code=code, answer=answer(),
                created_at=timezone.now(),
            )  # fmt: skip
            given.save(force_insert=True)
    return Response(given.answer, status=given.status_code)


def _given(request: Request, key: str) -> IdempotencyKey | None:
    with connection.cursor() as cursor:
        cursor.execute(IDEMPOTENCY_LOCK_SQL, [f"{request.user.pk} {key}"])
    given = IdempotencyKey.objects.filter(user=request.user.pk, key=key).first()
    if given and given.fingerprint != fingerprint(request):
        raise KeyReused(KeyReused.__doc__)
    return given


def fingerprint(request: Request) -> str:
    """Return a hash of the request: method, address, content type, and body."""
    head = f"{request.method} {request.get_full_path()} {request.content_type}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()


def forget_old_keys(now: datetime | None = None) -> int:
    """Delete expired keys; return their number."""
    deleted, _ = IdempotencyKey.objects.filter(created_at__lt=(now or timezone.now()) - KEY_TTL).delete()
    return deleted
