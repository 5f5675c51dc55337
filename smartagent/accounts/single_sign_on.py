"""Single sign-on by OpenID Connect: the way to the provider, who comes back, and with which roles.

1. Whoever has come before is known by the provider's identifier of them, whatever their e-mail address is now.
2. Whoever comes first is the person with the e-mail address that the provider has verified, or a new person.
3. At each sign-in the groups of the provider decide over the roles that OIDC_ROLES names; other roles are left alone.
"""

from collections.abc import Mapping
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect.views import callback, login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from requests import RequestException

from smartagent.accounts.events import PERSON_JOINED, ROLES_GIVEN, log_event
from smartagent.accounts.failed_attempts import log_failure
from smartagent.accounts.sign_in_limits import origin
from smartagent.kernel.member_role import as_owner
from smartagent.models import User

PROVIDER_ID = "sso"
NO_EMAIL = "The provider gave no e-mail address. Ask an administrator."
NOT_VERIFIED = (
    "The provider has not verified your e-mail address, which an account here has. Sign in with your password, or ask "
    "an administrator."
)
NOBODY_NEW = "You have no account here. Ask an administrator to add you."
UNREACHABLE = "The provider cannot be reached. Try again later, or sign in with your password."
FAILED = "The provider did not sign you in. Try again, or sign in with your password."


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Finds or adds the person who comes from the provider, and gives them their roles."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        claims = claims_of(sociallogin.account.extra_data)
        known = None if sociallogin.is_existing else self._known(request, claims)
        with transaction.atomic():
            if not sociallogin.is_existing:
                sociallogin.connect(request, known or self._added(request, claims))
            apply_roles(request, sociallogin.user, claims)

    def _known(self, request: HttpRequest, claims: Mapping[str, Any]) -> User | None:
        """The person with the verified address; None where one may be added, refused otherwise."""
        email = _email_of(claims)
        if not email:
            raise _refused(request, NO_EMAIL)
        known = User.objects.with_email(email).first()
        if known and (known.is_service_account or claims.get("email_verified") is not True):
            raise _refused(request, NOT_VERIFIED)
        if not known and not settings.OIDC_CREATE_PEOPLE:
            raise _refused(request, NOBODY_NEW)
        return known

    def _added(self, request: HttpRequest, claims: Mapping[str, Any]) -> User:
        person = User.objects.create_user(_email_of(claims), full_name=str(claims.get("name") or "")[:200])
        log_event(PERSON_JOINED, person, timezone.now(), by=person, cause="single sign-on", **origin(request))
        return person

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody signs up by a form."""
        return False

    def on_authentication_error(self, request: HttpRequest, provider: Any, **details: Any) -> None:
        """Lead back to the page to sign in, and log the cause."""
        cause = str(details.get("exception") or details.get("error") or "unknown")[:200]
        raise _refused(request, FAILED, cause)


def claims_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the provider says of the person: of its ID token and of its answer about the person, which comes first."""
    parts = [data.get("id_token"), data.get("userinfo")]
    return {name: value for part in parts if isinstance(part, Mapping) for name, value in part.items()}


def _email_of(claims: Mapping[str, Any]) -> str:
    return str(claims.get("email") or "").strip().lower()


def apply_roles(request: HttpRequest, person: User, claims: Mapping[str, Any]) -> None:
    """Give the person the roles of their groups at the provider, and take those of OIDC_ROLES that they lost."""
    if not settings.OIDC_ROLES:
        return
    groups = claims.get(settings.OIDC_GROUPS_CLAIM)
    theirs = {groups} if isinstance(groups, str) else {str(each) for each in groups or []}
    mapped = {group.strip(): role.strip() for group, _, role in (each.rpartition("=") for each in settings.OIDC_ROLES)}
    granted = {role for group, role in mapped.items() if group in theirs}
    had = set(person.groups.values_list("name", flat=True))
    wanted = (had - set(mapped.values())) | granted
    if wanted != had:
        person.groups.set(Group.objects.filter(name__in=wanted))
        roles = ", ".join(sorted(wanted)) or "none"
        log_event(ROLES_GIVEN, person, timezone.now(), by=person, roles=roles, cause="single sign-on")


def provider_link(way_on: str = "") -> dict[str, str] | None:
    """The name of the provider and the address to sign in there; None where there is none."""
    if not settings.OIDC_SERVER_URL:
        return None
    address = reverse("openid_connect_login", kwargs={"provider_id": PROVIDER_ID})
    return {"name": settings.OIDC_NAME, "url": address, "next": way_on}


@never_cache
@as_owner()  # whoever is signed in already
def go_to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider; back to the page to sign in where it does not answer, or not as a provider does."""
    try:
        response: HttpResponse = login(request, provider_id)
    except (RequestException, ValueError, KeyError) as error:
        response = _refused(request, UNREACHABLE, str(error)[:200]).response
    return response


def _refused(request: HttpRequest, words: str, cause: str = "") -> ImmediateHttpResponse:
    log_failure([], None, timezone.now(), cause=f"single sign-on: {cause or words}", **origin(request))
    messages.error(request, words)
    return ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))


urlpatterns: list[URLPattern] = [
    path("login/<slug:provider_id>/login/", go_to_provider, name="openid_connect_login"),
    path("login/<slug:provider_id>/login/callback/", as_owner()(callback), name="openid_connect_callback"),
]
