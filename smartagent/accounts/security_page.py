"""The page “Sign-in and security”: one's password, second factors and sessions."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.admin import site
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from smartagent.accounts.browser_names import browser_name
from smartagent.accounts.email_address import is_verified, sends_mail
from smartagent.accounts.required_second_factor import is_missing
from smartagent.accounts.sessions import revoke, revoke_others, sessions_of
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import counted

SECURITY_URL_NAME = "admin:security"


@never_cache
def security_page(request: HttpRequest) -> HttpResponse:
    """Show how one signs in, and where one is signed in."""
    me: Any = request.user
    sessions = [
        {
            "id": each.public_id, "browser": browser_name(each.user_agent), "address": each.address,
            "signed_in_at": each.signed_in_at, "last_used_at": each.last_used_at,
            "is_this": each.session_key == request.session.session_key,
        }
        for each in sessions_of(me, timezone.now())
    ]  # fmt: skip
    sessions.sort(key=lambda each: not each["is_this"])
    context = site.each_context(request) | {"title": "Sign-in and security", "sessions": sessions} | _factors(request)
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
    named = request.POST.get("session", "")
    if named == "others":
        count = revoke_others(me, request, "by themselves")
        messages.success(request, f"{counted(count, 'other session', 'other sessions')} signed out.")
        return HttpResponseRedirect(reverse(SECURITY_URL_NAME))
    key = as_uuid(named)
    if key is None:
        raise Http404
    if revoke(sessions_of(me, timezone.now()).filter(public_id=key), me, request, "by themselves"):
        messages.success(request, "Session signed out.")
    else:
        messages.info(request, "This session was signed out already.")
    return HttpResponseRedirect(reverse(SECURITY_URL_NAME))
