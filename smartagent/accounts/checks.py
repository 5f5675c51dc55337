"""What `check` says of the settings of signing in."""

from typing import Any

from django.conf import settings
from django.core import checks


def check_sign_in(**_: Any) -> list[checks.CheckMessage]:
    """Refuse settings of single sign-on that cannot work."""
    found: list[checks.CheckMessage] = []
    wrong = [each for each in settings.OIDC_ROLES if not all(part.strip() for part in each.partition("=")[::2])]
    if wrong:
        found.append(checks.Error(
            f"OIDC_ROLES has {wrong[0]!r}, which names no group and role.",
            hint="Write group=role,group=role, for example OIDC_ROLES=sre=operators,it=administrators.",
            id="smartagent.E010",
        ))  # fmt: skip
    if settings.OIDC_SERVER_URL and not (settings.OIDC_APP["client_id"] and settings.OIDC_APP["secret"]):
        found.append(checks.Error(
            "OIDC_SERVER_URL is set, but not OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.",
            hint="Register Smart Agent at the provider, and set what it gives.", id="smartagent.E011",
        ))  # fmt: skip
    if not settings.PASSWORD_SIGN_IN and not settings.OIDC_SERVER_URL:
        found.append(checks.Error(
            "PASSWORD_SIGN_IN is off without single sign-on, so that nobody could sign in.",
            hint="Set OIDC_SERVER_URL, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or PASSWORD_SIGN_IN=on.",
            id="smartagent.E012",
        ))  # fmt: skip
    return found
