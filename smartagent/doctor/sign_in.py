"""Whether an administrator can sign in, where passwords are switched off."""

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import Q

from smartagent.doctor.findings import Finding, error
from smartagent.models import User

PROBLEM = "PASSWORD_SIGN_IN is off, and no administrator has signed in by single sign-on or has a passkey."
FIX = "Sign in by single sign-on as an administrator, or set PASSWORD_SIGN_IN=on and add a passkey."


def check_ways_to_sign_in() -> Iterator[Finding]:
    """That an administrator has shown another way to sign in."""
    if settings.PASSWORD_SIGN_IN:
        return
    people = User.objects.people().filter(Q(is_superuser=True) | Q(groups__name="administrators"), is_active=True)
    linked = SocialAccount.objects.filter(user__in=people) if settings.OIDC_SERVER_URL else SocialAccount.objects.none()
    passkeys = Authenticator.objects.filter(user__in=people, type=Authenticator.Type.WEBAUTHN)
    if not linked.exists() and not any(each.wrap().is_passwordless for each in passkeys):
        yield error("sign-in", PROBLEM, FIX)
