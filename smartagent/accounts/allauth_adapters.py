"""What django-allauth asks of an installation: how a sign-in ends, and how secrets of second factors are kept."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.utils import get_login_redirect_url
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from smartagent.accounts.events import SECOND_FACTOR_CHANGED, SIGNED_IN, log_event
from smartagent.accounts.new_browser_notice import SIGNED_IN_THERE, is_new_browser, notify_of_browser
from smartagent.accounts.required_second_factor import is_required
from smartagent.accounts.sign_in_limits import know_browser, origin
from smartagent.accounts.single_sign_on import provider_link
from smartagent.kernel.recent_sign_in import is_recent
from smartagent.kernel.sealing import seal, unseal

# The provider asks for the password even where it knows the browser (OpenID Connect Core, 3.1.2.1).
ASK_THERE = urlencode({"auth_params": "prompt=login"})
DEACTIVATED = "This account is deactivated. Ask an administrator."
FAILURES_KEY = "sign_in_failures"
FACTOR_NAMES = {"totp": "authenticator app", "recovery_codes": "recovery code", "webauthn": "passkey"}
DESCRIPTIONS = {
    "reauthenticate": "Use your password", "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}  # fmt: skip
CHANGES = {
    "mfa/email/totp_activated": "added an authenticator app",
    "mfa/email/totp_deactivated": "removed their authenticator app",
    "mfa/email/webauthn_added": "added a passkey", "mfa/email/webauthn_removed": "removed a passkey",
    "mfa/email/recovery_codes_generated": "made new recovery codes",
}  # fmt: skip


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Ends a sign-in with an entry of the activity log, and lets the browser know the account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Administrators add people; nobody signs up."""
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        request.has_signed_in_before = user.last_login is not None  # type: ignore[attr-defined]
        super().login(request, user)

    def post_login(
        self, request: HttpRequest, user: Any, *, redirect_url: str | None = None, signup: bool = False, **_: Any
    ) -> HttpResponse:
        response = HttpResponseRedirect(get_login_redirect_url(request, redirect_url, signup=signup))
        now, is_first = timezone.now(), not getattr(request, "has_signed_in_before", False)
        if is_new := not is_first and is_new_browser(request, user):
            notify_of_browser(request, user, SIGNED_IN_THERE, now)
        log_event(
            SIGNED_IN, user, now, by=user, is_new_browser=is_new,
            method=method_in_words(get_authentication_records(request, user)),
            failures=request.session.pop(FAILURES_KEY, 0), **origin(request),
        )  # fmt: skip
        know_browser(request, response, user.email)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Lead whoever was deactivated back to the page to sign in."""
        messages.error(request, DEACTIVATED)
        return HttpResponseRedirect(reverse("account_login"))

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Not within some minutes of signing in, or of having confirmed who one is."""
        return not is_recent(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Password, code, passkey; whoever has none of them signs in at the provider again."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not settings.PASSWORD_SIGN_IN:
            methods = [each for each in methods if each["id"] != "reauthenticate"]
        for each in methods:
            each["description"] = DESCRIPTIONS.get(each["id"], each["description"])
        if not methods and (provider := provider_link()):
            methods = [
                {
                    "id": "sso",
                    "description": f"Sign in with {provider['name']} again",
                    "url": f"{provider['url']}?{ASK_THERE}",
                }
            ]
        return methods

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **_: Any) -> None:
        """Log what allauth would send a mail about: a second factor was added or removed."""
        if change := CHANGES.get(template_prefix):
            log_event(SECOND_FACTOR_CHANGED, user, timezone.now(), by=user, change=change, **origin(context.request))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of second factors encrypted; the last one stays where one is required."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "Wrong code. Codes of an app change every 30 seconds; each works once.",
        "cannot_delete_authenticator": "Your role requires a second factor. Add another one first.",
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return str(unseal(encrypted_text))

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Whether it may be removed."""
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return not is_required(authenticator.user) or others.exclude(type="recovery_codes").exists()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002
        """The name of a new passkey."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {count + 1}"


def method_in_words(records: list[dict[str, Any]]) -> str:
    """How somebody signed in: “password and authenticator app”."""
    return " and ".join(dict.fromkeys(_method(each) for each in records)) or "password"


def _method(record: dict[str, Any]) -> str:
    if record.get("method") == "mfa":
        return FACTOR_NAMES.get(str(record.get("type")), "second factor")
    if record.get("method") == "socialaccount":
        return "single sign-on"
    return "password"
