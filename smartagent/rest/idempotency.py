"""Idempotent requests: the answer to a POST with an `Idempotency-Key` is stored, and returned for each repetition.

Only successful answers are stored. Of two concurrent requests with one key, the second waits for the first. Work and
stored answer are one transaction, except for views that commit in steps because they use the network: those claim the
key first. An answer with a secret (`Cache-Control: no-store`) is not stored; its repetition is told so.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.http.request import RawPostDataException
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from smartagent.models import IdempotencyKey
from smartagent.rest.bodies import refuse_large, room_of
from smartagent.rest.errors import DETAIL, Conflict

IDEMPOTENCY_KEY, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEY_SHAPE = re.compile(r"[!-~]{1,255}")
KEY_TTL = timedelta(hours=48)
CLAIM_TTL = timedelta(minutes=10)  # no request takes longer: the process that had the key is gone
MAX_SECONDS_WAITED, SECONDS_BETWEEN_LOOKS = 20.0, 0.1
IDEMPOTENCY_LOCK_SQL = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
KEPT_HEADERS = ("ETag",)
NOT_KEPT = (
    "The request with this Idempotency-Key was done. Its answer had a secret, which is not kept. Without it, create "
    "another one with a new key."
)

Handler = Callable[[], Response]


class KeyReused(exceptions.APIException):
    """This Idempotency-Key was used with another request. Use a new key."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = __doc__
    default_code = "key_reused"


class StillRunning(Conflict):
    """The request with this Idempotency-Key is still running. Repeat it later."""

    default_detail = __doc__ or ""
    wait = 10


def run_once(view: Any, request: Request, handler: Handler) -> Response:
    """Return the response of `handler`, or the stored one if the request is a repetition; KeyReused, StillRunning.

    A view with `commits_in_steps` is not run in a transaction.
    """
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None or request.user.pk is None:
        return handler()
    if not KEY_SHAPE.fullmatch(key):
        raise exceptions.ValidationError({IDEMPOTENCY_KEY: ["Use 1 to 255 ASCII letters, digits or symbols."]})
    refuse_large(request, room_of(view))
    row = IdempotencyKey(user_id=request.user.pk, key=key, fingerprint=fingerprint(request))
    return _run_claimed(row, handler) if view.commits_in_steps else _run_in_transaction(row, handler)


def _run_in_transaction(row: IdempotencyKey, handler: Handler) -> Response:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(IDEMPOTENCY_LOCK_SQL, [f"{row.user_id} {row.key}"])
        if known := _stored(row):
            return _replay(known)
        response = handler()
        if status.is_success(response.status_code):
            _keep(row, response)
        return response


def _run_claimed(row: IdempotencyKey, handler: Handler) -> Response:
    if known := _wait_for_claim(row):
        return _replay(known)
    try:
        response = handler()
        if status.is_success(response.status_code):
            _keep(row, response)
        return response
    finally:
        IdempotencyKey.objects.filter(pk=row.pk, status_code=None).delete()


def _wait_for_claim(row: IdempotencyKey) -> IdempotencyKey | None:
    """Claim the key for `row`; return the row of the same request where that is done, and wait while it runs."""
    give_up = time.monotonic() + MAX_SECONDS_WAITED
    while True:
        claims = IdempotencyKey.objects.filter(user=row.user_id, key=row.key, status_code=None)
        claims.filter(created_at__lt=timezone.now() - CLAIM_TTL).delete()
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        known = _stored(row)
        if known and known.pk == row.pk:
            return None
        if known and known.status_code is not None:
            return known
        if time.monotonic() > give_up:
            raise StillRunning
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _stored(row: IdempotencyKey) -> IdempotencyKey | None:
    """The stored row of the key, None without one; KeyReused where it belongs to another request."""
    known = IdempotencyKey.objects.filter(user=row.user_id, key=row.key).first()
    if known and known.fingerprint != row.fingerprint:
        raise KeyReused
    return known


def _keep(row: IdempotencyKey, response: Response) -> None:
    is_secret = "no-store" in response.get("Cache-Control", "")
    row.status_code = status.HTTP_409_CONFLICT if is_secret else response.status_code
    row.answer = as_json({DETAIL: [NOT_KEPT]} if is_secret else response.data)
    row.headers = {name: response[name] for name in KEPT_HEADERS if name in response and not is_secret}
    row.created_at = timezone.now()
    row.save()


def _replay(known: IdempotencyKey) -> Response:
    return Response(json.loads(known.answer), known.status_code, headers=known.headers | {REPLAYED: "true"})


def as_json(data: Any) -> str:
    """The data of a response as JSON of ASCII characters, which every text column can store."""
    return json.dumps(data, cls=JSONEncoder)


def fingerprint(request: Request) -> str:
    """Return a keyed hash of the request: method, address, content type, and body."""
    try:
        body = request.body
    except RawPostDataException:  # a form with files, which no view reads
        body = b""
    head = f"{request.method} {request.get_full_path()} {request.content_type}\n".encode()
    return salted_hmac("smartagent.idempotency", head + body, algorithm="sha256").hexdigest()


def forget_old_keys(now: datetime | None = None) -> int:
    """Delete expired keys; return their number."""
    deleted, _ = IdempotencyKey.objects.filter(created_at__lt=(now or timezone.now()) - KEY_TTL).delete()
    return deleted
