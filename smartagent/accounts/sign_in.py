"""Signing in and out, and the password: Django's own views, in our look, with limits on guesses."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from smartagent.accounts.allauth_adapters import FAILURES_KEY
from smartagent.accounts.email_address import sends_mail
from smartagent.accounts.events import RESET_REQUESTED, log_event
from smartagent.accounts.new_browser_notice import PASSWORD_SET_THERE, is_new_browser, notify_of_browser
from smartagent.accounts.reset_limits import may_send_reset
from smartagent.accounts.sessions import after_password_change
from smartagent.accounts.sign_in_limits import Guess, address_key, count_wrong, know_browser, open_account, origin
from smartagent.accounts.single_sign_on import provider_link
from smartagent.kernel.attempts import Blocked, refuse_blocked
from smartagent.kernel.background import in_background
from smartagent.models import User

OTHER_WAYS = "A browser in which you have signed in before, or a link to set a new password, works at once."
OTHER_WAY = "A browser in which you have signed in before works at once."
NO_PASSWORDS = "Passwords are switched off here. Sign in by single sign-on or with a passkey."
NO_LINKS = "No mail server is set up, so no link can be sent. Ask an administrator to set a new password."


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Lets in everybody who is active, by e-mail; guesses are limited."""

    error_messages = {
        "invalid_login": "Wrong e-mail address or password. Passwords are case-sensitive.",
        "inactive": "This account is deactivated. Ask an administrator.",
    }
    failures = 0
    wait = 0  # seconds

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.input_type = "email"
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "spellcheck": "false"}

    def clean(self) -> Any:
        """Count the attempt before the password is tried."""
        email, now = self.cleaned_data.get("username"), timezone.now()
        if not email or not self.cleaned_data.get("password"):
            return self.cleaned_data
        guess = Guess(self.request, email)
        try:
            guess.take(now)
            cleaned = super().clean()
        except Blocked as blocked:
            self.wait = blocked.seconds
            other = OTHER_WAYS if sends_mail() else OTHER_WAY
            raise ValidationError(f"{blocked} {other}", code="blocked") from None
        except ValidationError:
            guess.failed("wrong password", now)
            raise
        self.failures = guess.succeeded()
        return cleaned

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active:
            raise ValidationError(self.error_messages["inactive"], code="inactive")


class ForgottenForm(PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        self.fields["email"].widget = UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": True})

    def get_users(self, email: str) -> Iterator[User]:
        """Whoever has the address and a password; no look-alikes."""
        people = User.objects.with_email(email).filter(is_active=True, is_service_account=False)
        return (each for each in people if each.has_usable_password())

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send it after the answer, which is as fast as that about an address that nobody has."""
        in_background(partial(super().send_mail, *args, **kwargs))


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


class SignIn(InShell, views.LoginView):
    """The page to sign in."""

    template_name = "admin/login.html"
    authentication_form = SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if site.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().post(request, *args, **kwargs) if settings.PASSWORD_SIGN_IN else without_passwords(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        provider = provider_link(self.get_redirect_url())
        return super().get_context_data(**kwargs) | {"single_sign_on": provider, "passwords": settings.PASSWORD_SIGN_IN}

    def form_valid(self, form: Any) -> HttpResponse:
        """The password is right: go on to the second factor, where there is one."""
        person = form.get_user()
        if form.failures:
            self.request.session[FAILURES_KEY] = form.failures
        login = Login(user=person, email=person.email, redirect_url=self.get_redirect_url() or None)
        response: HttpResponse = perform_password_login(self.request, {"email": person.email}, login)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return _until(super().form_invalid(form), form.wait)


class Forgotten(InShell, views.PasswordResetView):
    """Sends a link, as often as the limits allow; nobody learns whether it was sent."""

    template_name = "accounts/forgotten.html"
    email_template_name = "accounts/forgotten_email.txt"
    subject_template_name = "accounts/forgotten_subject.txt"
    form_class = ForgottenForm
    success_url = reverse_lazy("password_reset_done")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs) if settings.PASSWORD_SIGN_IN else without_passwords(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"no_links": "" if sends_mail() else NO_LINKS}

    def form_valid(self, form: Any) -> HttpResponse:
        now, email = timezone.now(), form.cleaned_data["email"]
        if not sends_mail():
            return self.form_invalid(form)
        try:
            if not may_send_reset(self.request, email, now):
                return HttpResponseRedirect(self.get_success_url())
        except Blocked as blocked:
            form.add_error(None, str(blocked))
            return _until(self.form_invalid(form), blocked.seconds)
        self.extra_email_context = {"site": settings.SITE_URL}  # whatever host the browser named
        for person in form.get_users(email):
            log_event(RESET_REQUESTED, person, now, **origin(self.request))
        return super().form_valid(form)


class ForgottenDone(InShell, views.PasswordResetDoneView):
    template_name = "accounts/forgotten_done.html"


class NewPassword(InShell, views.PasswordResetConfirmView):
    """Sets a new password by a link. Whoever has it may sign in at once, whatever others have tried."""

    template_name = "accounts/new_password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("password_reset_complete")

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        if not settings.PASSWORD_SIGN_IN:
            return without_passwords(self.request)
        now = timezone.now()
        try:
            refuse_blocked([address_key(self.request)], now)
        except Blocked as blocked:
            self.validlink, self.user = False, None
            return _until(self.render_to_response(self.get_context_data(refusal=str(blocked))), blocked.seconds)
        response = super().dispatch(*args, **kwargs)
        if not getattr(self, "validlink", True):
            count_wrong(self.request, self.request.path, now)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        person: Any = self.user
        response = super().form_valid(form)
        open_account(person.email)
        after_password_change(self.request, person, "by a link sent by e-mail")
        if person.last_login and is_new_browser(self.request, person):
            notify_of_browser(self.request, person, PASSWORD_SET_THERE, timezone.now())
        know_browser(self.request, response, person.email)
        return response


class NewPasswordDone(InShell, views.PasswordResetCompleteView):
    template_name = "accounts/new_password_done.html"


def without_passwords(request: HttpRequest) -> HttpResponse:
    """Lead to the other ways to sign in, where passwords are switched off."""
    messages.error(request, NO_PASSWORDS)
    return HttpResponseRedirect(reverse("account_login"))


def _until(response: HttpResponse, seconds: int) -> HttpResponse:
    """The response as one that says to wait, where there is something to wait for."""
    if seconds:
        response.status_code, response["Retry-After"] = 429, str(seconds)
    return response


sign_in = SignIn.as_view()
urlpatterns: list[URLPattern] = [
    path("login/", sign_in, name="account_login"),
    path("password/forgotten/", Forgotten.as_view(), name="admin_password_reset"),
    path("password/forgotten/sent/", ForgottenDone.as_view(), name="password_reset_done"),
    path("password/new/<uidb64>/<token>/", NewPassword.as_view(), name="password_reset_confirm"),
    path("password/new/done/", NewPasswordDone.as_view(), name="password_reset_complete"),
]
