"""What `check --deploy` says of the key of the chain."""

from typing import Any

from django.conf import settings
from django.core import checks

MIN_KEY_CHARACTERS = 32


def check_audit_key(**_: Any) -> list[checks.CheckMessage]:
    """Warn of a key that can be guessed, or that others have as well."""
    hint = "Leave AUDIT_KEY out to have one generated, or set at least 32 random characters."
    if len(settings.AUDIT_KEY) < MIN_KEY_CHARACTERS or len(set(settings.AUDIT_KEY)) < MIN_KEY_CHARACTERS // 4:
        return [checks.Warning("AUDIT_KEY can be guessed.", hint=hint, id="smartagent.W003")]
    if settings.AUDIT_KEY == settings.SECRET_KEY:
        return [checks.Warning("AUDIT_KEY is the same as SECRET_KEY.", hint=hint, id="smartagent.W004")]
    return []
