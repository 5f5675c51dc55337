"""The sessions of a person: their list, and signing them out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from smartagent.accounts.browser_names import browser_name
from smartagent.accounts.events import PASSWORD_CHANGED, SESSIONS_REVOKED, SIGNED_OUT, log_event
from smartagent.accounts.sign_in_limits import origin
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import counted
from smartagent.models import BrowserSession, User

MAX_LISTED = 200
SIGNED_OUT_NOW, SIGNED_OUT_ALREADY = "Session signed out.", "This session was signed out already."


def sessions_of(person: User, now: datetime) -> QuerySet[BrowserSession]:
    """The sessions in which a person is signed in, the one used last first."""
    return BrowserSession.objects.filter(user=person, expire_date__gt=now).order_by("-last_used_at", "pk")


def session_rows(person: User, request: HttpRequest) -> list[dict[str, Any]]:
    """The sessions of a person for a page, that of this request first."""
    rows = [
        {
            "id": each.public_id, "browser": browser_name(each.user_agent), "address": each.address,
            "signed_in_at": each.signed_in_at, "last_used_at": each.last_used_at,
            "is_this": each.session_key == request.session.session_key,
        }
        for each in sessions_of(person, timezone.now())[:MAX_LISTED]
    ]  # fmt: skip
    return sorted(rows, key=lambda each: not each["is_this"])


def revoke_named(named: str, person: User, request: HttpRequest, cause: str) -> str:
    """Sign out the session with this id, or `others`: all but this one. Return the result in words; ValueError where
    it is neither."""
    if named == "others":
        count = revoke_others(person, request, cause)
        return f"{counted(count, 'other session', 'other sessions')} signed out."
    key = as_uuid(named)
    if key is None:
        raise ValueError
    found = sessions_of(person, timezone.now()).filter(public_id=key)
    return SIGNED_OUT_NOW if revoke(found, person, request, cause) else SIGNED_OUT_ALREADY


def revoke(
    sessions: QuerySet[BrowserSession], person: User, request: HttpRequest, cause: str, *, by: Any = None
) -> int:
    """Sign out these sessions of a person; return how many there were. `by` is who does it, else who is signed in."""
    deleted, _ = sessions.filter(user=person).delete()
    if deleted:
        by = by or (request.user if request.user.is_authenticated else person)
        log_event(SESSIONS_REVOKED, person, timezone.now(), by=by, count=deleted, cause=cause, **origin(request))
    return deleted


def revoke_others(person: User, request: HttpRequest, cause: str, *, by: Any = None) -> int:
    """Sign out all sessions of a person but the one of this request."""
    others = BrowserSession.objects.filter(user=person).exclude(pk=request.session.session_key or "")
    return revoke(others, person, request, cause, by=by)


def revoke_everywhere(people: Iterable[User], request: HttpRequest, cause: str) -> int:
    """Sign out all sessions of these people; return how many there were."""
    return sum(revoke(BrowserSession.objects.all(), person, request, cause) for person in people)


def after_password_change(request: HttpRequest, person: User, cause: str) -> None:
    """Log that the password of a person was changed, and sign out their other sessions."""
    log_event(
        PASSWORD_CHANGED, person, timezone.now(), by=request.user if request.user.is_authenticated else person,
        cause=cause, **origin(request),
    )  # fmt: skip
    revoke_others(person, request, "password changed")


def after_own_password_change(request: HttpRequest, response: HttpResponse) -> None:
    """What follows the page to change one's own password, where it did so."""
    if request.method == "POST" and response.status_code == 302:
        after_password_change(request, request.user, "by themselves")  # type: ignore[arg-type]


def log_sign_out(request: HttpRequest) -> None:
    """Log that the person of this request signs out."""
    if request.user.is_authenticated:
        log_event(SIGNED_OUT, request.user, timezone.now(), by=request.user, **origin(request))
