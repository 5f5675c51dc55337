"""The pages of second factors and of confirming who one is: django-allauth's views, in our shell."""

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ConfirmByCodeView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from smartagent.accounts.failed_attempts import log_failure
from smartagent.accounts.sign_in_limits import count_wrong, origin

SECURITY = reverse_lazy("admin:security")
UNKNOWN_PASSKEY = "This passkey is not known here. Use another one, or your password."


class InShell:
    """Gives a view what the shell's templates need."""

    title = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return context | site.each_context(self.request) | {"title": self.title}  # type: ignore[attr-defined]


class SecondFactor(InShell, AuthenticateView):  # type: ignore[misc]
    """Asks for the second factor after the password."""

    title, template_name = "Second factor", "accounts/second_factor.html"


class PasskeySignIn(LoginWebAuthnView):  # type: ignore[misc]
    """Signs in by a passkey alone. Nobody can guess one, but what is tried is counted and logged."""

    def form_invalid(self, form: Any) -> HttpResponse:
        now = timezone.now()
        count_wrong(self.request, str(self.request.POST.get("credential", "")), now)
        log_failure([], None, now, cause="unknown passkey", **origin(self.request))
        messages.error(self.request, UNKNOWN_PASSKEY)
        return HttpResponseRedirect(reverse("account_login"))


class ConfirmByPassword(InShell, ReauthenticateView):  # type: ignore[misc]
    """Asks for the password of whoever is signed in."""

    title, template_name = "Confirm that it is you", "accounts/identity.html"


class ConfirmByCode(InShell, ConfirmByCodeView):  # type: ignore[misc]
    """Asks for a code of whoever is signed in."""

    title, template_name = "Confirm that it is you", "accounts/identity.html"


class ConfirmByPasskey(InShell, ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Asks for a passkey of whoever is signed in."""

    title, template_name = "Confirm that it is you", "accounts/identity.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, UNKNOWN_PASSKEY)
        return HttpResponseRedirect(self.request.get_full_path())


class ActivateApp(InShell, ActivateTOTPView):  # type: ignore[misc]
    """Shows the secret of an authenticator app, as a picture and as a text, and asks for its first code."""

    title, template_name = "Add an authenticator app", "accounts/authenticator_app.html"


class RemoveApp(InShell, DeactivateTOTPView):  # type: ignore[misc]
    title, template_name, success_url = "Remove the authenticator app", "accounts/remove_factor.html", SECURITY


class AddPasskey(InShell, AddWebAuthnView):  # type: ignore[misc]
    title, template_name = "Add a passkey", "accounts/add_passkey.html"


class RemovePasskey(InShell, RemoveWebAuthnView):  # type: ignore[misc]
    title, template_name, success_url = "Remove a passkey", "accounts/remove_factor.html", SECURITY


class RecoveryCodes(InShell, ViewRecoveryCodesView):  # type: ignore[misc]
    """Shows new recovery codes, once."""

    title, template_name = "Recovery codes", "accounts/recovery_codes.html"


class NewRecoveryCodes(InShell, GenerateRecoveryCodesView):  # type: ignore[misc]
    title, template_name = "New recovery codes", "accounts/new_recovery_codes.html"


to_security = RedirectView.as_view(url=SECURITY)
urlpatterns: list[URLPattern] = [
    path("login/second-factor/", SecondFactor.as_view(), name="mfa_authenticate"),
    path("login/passkey/", PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("confirm/", never_cache(ConfirmByPassword.as_view()), name="account_reauthenticate"),
    path("confirm/code/", never_cache(ConfirmByCode.as_view()), name="mfa_reauthenticate"),
    path("confirm/passkey/", never_cache(ConfirmByPasskey.as_view()), name="mfa_reauthenticate_webauthn"),
    path("security/app/add/", never_cache(ActivateApp.as_view()), name="mfa_activate_totp"),
    path("security/app/remove/", never_cache(RemoveApp.as_view()), name="mfa_deactivate_totp"),
    path("security/passkeys/add/", never_cache(AddPasskey.as_view()), name="mfa_add_webauthn"),
    path("security/passkeys/<int:pk>/remove/", never_cache(RemovePasskey.as_view()), name="mfa_remove_webauthn"),
    path("security/recovery-codes/", RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("security/recovery-codes/new/", never_cache(NewRecoveryCodes.as_view()), name="mfa_generate_recovery_codes"),
    path("security/factors/", to_security, name="mfa_index"),
    path("security/passkeys/", to_security, name="mfa_list_webauthn"),
]
