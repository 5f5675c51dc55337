"""Settings as they may be shown to others: numbers and switches as they are, of texts hardly more than their length."""

import re
from typing import Any

from django.conf import settings

SECRET = re.compile(r"SECRET|KEY|PASSWORD|TOKEN|DSN|CREDENTIAL|DATABASES|CACHES|_URL$|^URL$")
# Texts that name nobody and open nothing.
PLAIN = frozenset({
    "DEFAULT_AUTO_FIELD", "EMAIL_BACKEND", "LANGUAGE_CODE", "ROOT_URLCONF", "SESSION_ENGINE", "TIME_ZONE",
    "WSGI_APPLICATION",
})  # fmt: skip
LISTS_OF_CODE = frozenset({"INSTALLED_APPS", "MIDDLEWARE", "AUTHENTICATION_BACKENDS", "PASSWORD_HASHERS"})


def settings_shown() -> dict[str, Any]:
    """Each setting by its name."""
    names = [name for name in dir(settings) if name.isupper()]
    return {name: _shown(name, getattr(settings, name)) for name in names}


def _shown(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if SECRET.search(name):
        return "set" if value else "empty"
    if isinstance(value, int | float) or name in PLAIN or name in LISTS_OF_CODE or name.startswith("RULES_"):
        return value
    if isinstance(value, dict) and all(isinstance(each, int | float) for each in value.values()):
        return value
    if isinstance(value, str | list | tuple | dict | set | frozenset):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
