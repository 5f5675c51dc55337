"""Who must have a second factor, by setting or by group: without one they reach only the page to add it."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

ADMINISTRATORS = "administrators"
STILL_OPEN = {
    "admin:security", "admin:revoke_session", "admin:logout", "admin:password_change", "admin:password_change_done",
    "admin:jsi18n", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "account_reauthenticate",
}  # fmt: skip
REQUIRED = "Your role requires a second factor. Add one under “Sign-in and security”."


def is_required(person: Any) -> bool:
    """Whether a person must have a second factor."""
    if settings.MFA_REQUIRED:
        return True
    groups = settings.MFA_REQUIRED_GROUPS
    if not groups:
        return False
    return (person.is_superuser and ADMINISTRATORS in groups) or person.groups.filter(name__in=groups).exists()


def is_missing(request: HttpRequest) -> bool:
    """Whether the person of this request lacks the second factor that they must have.

    Whoever came by single sign-on has shown to the provider what it asks for; programs with a token have no factor.
    """
    if not (settings.MFA_REQUIRED or settings.MFA_REQUIRED_GROUPS) or not request.user.is_authenticated:
        return False
    methods = request.session.get("account_authentication_methods") or []
    if any(each.get("method") == "socialaccount" for each in methods):
        return False
    return is_required(request.user) and not has_second_factor(request.user)


def has_second_factor(person: Any) -> bool:
    """Whether a person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=person).exclude(type="recovery_codes").exists())


def refusal_without(request: HttpRequest) -> HttpResponse | None:
    """Where whoever lacks a required second factor is led; None where the request may go on."""
    where = request.resolver_match.view_name if request.resolver_match else ""
    if where in STILL_OPEN or where == "confirm_email" or where.startswith("link-"):
        return None
    if not is_missing(request):
        return None
    if request.path.startswith("/api/") or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        raise PermissionDenied(REQUIRED)
    return HttpResponseRedirect(reverse("admin:security"))
