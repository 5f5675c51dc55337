"""Signing in and out, and the password: Django's own views, in our look."""

from typing import Any

from django.contrib.admin import site
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.urls import URLPattern, path, reverse_lazy
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Lets in everybody who is active, by e-mail."""

    error_messages = {
        "invalid_login": "Wrong e-mail address or password. Passwords are case-sensitive.",
        "inactive": "This account is deactivated. Ask an administrator.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.input_type = "email"
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "spellcheck": "false"}

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active:
            raise ValidationError(self.error_messages["inactive"], code="inactive")


class ForgottenForm(PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        self.fields["email"].widget = UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": True})


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class InShell:
    """Gives a view what the shell's templates need."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return context | site.each_context(self.request)  # type: ignore[attr-defined]


class Forgotten(InShell, views.PasswordResetView):
    template_name = "accounts/forgotten.html"
    email_template_name = "accounts/forgotten_email.txt"
    subject_template_name = "accounts/forgotten_subject.txt"
    form_class = ForgottenForm
    success_url = reverse_lazy("password_reset_done")


class ForgottenDone(InShell, views.PasswordResetDoneView):
    template_name = "accounts/forgotten_done.html"


class NewPassword(InShell, views.PasswordResetConfirmView):
    template_name = "accounts/new_password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("password_reset_complete")


class NewPasswordDone(InShell, views.PasswordResetCompleteView):
    template_name = "accounts/new_password_done.html"


urlpatterns: list[URLPattern] = [
    path("password/forgotten/", Forgotten.as_view(), name="admin_password_reset"),
    path("password/forgotten/sent/", ForgottenDone.as_view(), name="password_reset_done"),
    path("password/new/<uidb64>/<token>/", NewPassword.as_view(), name="password_reset_confirm"),
    path("password/new/done/", NewPasswordDone.as_view(), name="password_reset_complete"),
]
