"""What `check --deploy` says of the settings of the legacy project's tokens."""

from typing import Any

from django.conf import settings
from django.core import checks

from smartagent.legacy_api.bearer import SECRET_BYTES


def check_tokens(**_: Any) -> list[checks.CheckMessage]:
    """Warn of a secret that can be guessed, and of tokens that are taken whomever they are for."""
    found: list[checks.CheckMessage] = []
    secret = settings.LEGACY_JWT_SECRET.encode()
    if secret and len(secret) < SECRET_BYTES:
        found.append(checks.Warning(
            f"LEGACY_JWT_SECRET has {len(secret)} bytes, so it can be guessed from any token.",
            hint=f"Give the legacy project a secret of at least {SECRET_BYTES} bytes.", id="smartagent.W001",
        ))  # fmt: skip
    if (secret or settings.LEGACY_JWKS_URL) and not settings.LEGACY_JWT_AUDIENCE:
        found.append(checks.Warning(
            "LEGACY_JWT_AUDIENCE is not set, so tokens for other services of the legacy project are taken.",
            hint="Set LEGACY_JWT_AUDIENCE=authenticated, or what aud the project's tokens have.", id="smartagent.W002",
        ))  # fmt: skip
    return found
