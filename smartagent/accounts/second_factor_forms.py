"""The forms of second factors, in our look; guesses of codes are limited as those of passwords are."""

from typing import Any

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from smartagent.accounts.events import RECOVERY_CODE_USED, log_event
from smartagent.accounts.sign_in_limits import Guess, origin
from smartagent.kernel.attempts import Blocked

CODE_HELP = "Six digits of your authenticator app, or a recovery code."


def _code_widget() -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(
        attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "inputmode": "text"}
    )


class LimitedCode:
    """Counts a code before it is tried, and logs the use of a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["code"]  # type: ignore[attr-defined]
        field.widget, field.help_text = _code_widget(), CODE_HELP

    def clean_code(self) -> str:
        person, now = self.user, timezone.now()  # type: ignore[attr-defined]
        guess = Guess(context.request, person.email, "code")
        try:
            guess.take(now)
            code: str = super().clean_code()  # type: ignore[misc]
        except Blocked as blocked:
            raise ValidationError(str(blocked), code="blocked") from None
        except ValidationError:
            guess.failed("wrong code", now)
            raise
        guess.succeeded()
        used: Any = self.authenticator  # type: ignore[attr-defined]
        if used.type == "recovery_codes":
            left = len(Authenticator.objects.get(pk=used.pk).wrap().get_unused_codes())
            log_event(RECOVERY_CODE_USED, person, now, by=person, left=left, **origin(context.request))
        return code


class CodeForm(LimitedCode, AuthenticateForm):  # type: ignore[misc]
    """The code that a sign-in asks for."""


class ConfirmByCodeForm(LimitedCode, ReauthenticateForm):  # type: ignore[misc]
    """The code by which one confirms who one is."""


class ConfirmByPasswordForm(forms.Form):
    """The password by which one confirms who one is."""

    password = forms.CharField(
        strip=False, widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": True})
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password, now = str(self.cleaned_data["password"]), timezone.now()
        guess = Guess(context.request, self.user.email)
        try:
            guess.take(now)
        except Blocked as blocked:
            raise ValidationError(str(blocked), code="blocked") from None
        if not self.user.check_password(password):
            guess.failed("wrong password, of somebody who was signed in", now)
            raise ValidationError("Wrong password. Passwords are case-sensitive.")
        guess.succeeded()
        return password

    def save(self) -> None:
        """Note that the person has confirmed who they are."""
        reauthenticate_by_password(context.request)


class ActivateAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = _code_widget()
        self.fields["code"].label = "Code"


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey. One that the device can show who uses it by signs in without a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, passwordless = self.fields["name"], self.fields["passwordless"]
        name.widget, name.help_text = UnfoldAdminTextInputWidget(), "For example the device that it is on."
        name.max_length = 100
        passwordless.widget, passwordless.label = UnfoldBooleanSwitchWidget(), "Sign in without a password"
        passwordless.initial = True
        passwordless.help_text = (
            "The device must check who you are, by fingerprint, face or PIN. Off: only after the password."
        )
