"""The page “Sign-in and security”: one's password, second factors and sessions."""

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from smartagent.accounts.email_address import is_verified, sends_mail
from smartagent.accounts.required_second_factor import is_missing
from smartagent.accounts.sessions import revoke_named, session_rows
from smartagent.kernel.scope import people_visible_to
from smartagent.models import User

SECURITY_URL_NAME = "admin:security"


@never_cache
def security_page(request: HttpRequest) -> HttpResponse:
    """Show how one signs in, and where one is signed in."""
    me: Any = request.user
    context = site.each_context(request) | {"title": "Sign-in and security", "sessions": session_rows(me, request)}
    context |= {"revoke_address": reverse("admin:revoke_session"), "passwords": settings.PASSWORD_SIGN_IN} | _factors(
        request
    )
    return TemplateResponse(request, "accounts/security.html", context)


def _factors(request: HttpRequest) -> dict[str, Any]:
    """The second factors of the person."""
    factors = list(Authenticator.objects.filter(user=request.user).order_by("pk"))
    codes = next((each for each in factors if each.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "app": next((each for each in factors if each.type == Authenticator.Type.TOTP), None),
        "passkeys": [each for each in factors if each.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "missing": is_missing(request),
        "is_verified": is_verified(request.user),
        "sends_mail": sends_mail(),
    }


@require_POST
def revoke_session(request: HttpRequest) -> HttpResponse:
    """Sign out one session of one's own, or all but this one."""
    me: Any = request.user
    return _revoked(request, me, "by themselves", reverse(SECURITY_URL_NAME))


@never_cache
@require_safe
def sessions_of_person(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show administrators where another person is signed in; one's own sessions are under “Sign-in and security”."""
    if key == request.user.pk:
        return HttpResponseRedirect(reverse(SECURITY_URL_NAME))
    person = _reachable(request, key)
    context = site.each_context(request) | {
        "opts": User._meta, "list_title": "People", "title": f"Sessions of {person}",
        "whose": person, "sessions": session_rows(person, request),
        "revoke_address": reverse("admin:revoke_session_of", args=[key]), "passwords": settings.PASSWORD_SIGN_IN,
    }  # fmt: skip
    return TemplateResponse(request, "accounts/sessions_of.html", context)


@require_POST
def revoke_session_of(request: HttpRequest, key: UUID) -> HttpResponse:
    """Sign out one session of another person, or all of them."""
    return _revoked(
        request, _reachable(request, key), "by an administrator", reverse("admin:sessions_of", args=[key])
    )  # fmt: skip


def _reachable(request: HttpRequest, key: UUID) -> User:
    """The person whom who asks may sign out: only superusers superusers. 404 where one may not know of them."""
    person: User | None = people_visible_to(request.user).filter(pk=key, is_service_account=False).first()
    if person is None:
        raise Http404
    if not site.get_model_admin(User).has_change_permission(request, person):
        raise PermissionDenied
    return person


def _revoked(request: HttpRequest, person: User, cause: str, way_on: str) -> HttpResponse:
    try:
        messages.success(request, revoke_named(request.POST.get("session", ""), person, request, cause))
    except ValueError:
        raise Http404 from None
    return HttpResponseRedirect(way_on)
