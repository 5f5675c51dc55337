"""Checks of the settings: what is wrong, or unsafe once others can reach the installation."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from notifications.models import Channel
from rules.models import DataSource, Integration
from smartagent.doctor.findings import Finding, error, warning
from smartagent.kernel.formats import plural
from smartagent.kernel.sealing import SecretLost, unseal
from smartagent.up.only_one import running_at
from smartagent.up.site_address import is_local

HERE = frozenset({"localhost", "127.0.0.1", "[::1]"})
SHORTEST_KEY = 50
TRIED = 20


def check_settings() -> Iterator[Finding]:
    """Contradictions between environment variables."""
    names = {name.lstrip(".") for name in settings.ALLOWED_HOSTS} - HERE
    if settings.DEBUG:
        yield warning("settings", "DEBUG is on: error pages show source code to everybody.", "Set DEBUG=off.")
    if "*" in names:
        yield warning("settings", "ALLOWED_HOSTS allows every host name.", "List the host names in use.")
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        yield warning("settings", f"SECRET_KEY is shorter than {SHORTEST_KEY} characters.",
                      "Set a longer key; stored credentials must then be entered again.")  # fmt: skip
    yield from _addresses(names)
    yield from _links(names)


def _addresses(names: set[str]) -> Iterator[Finding]:
    """ALLOWED_HOSTS, HTTPS and CSRF_TRUSTED_ORIGINS must agree."""
    if names and not settings.HTTPS:
        yield warning("settings", f"HTTPS is off, but ALLOWED_HOSTS has {', '.join(sorted(names))}.",
                      "Use a TLS proxy and set HTTPS=on.")  # fmt: skip
    if settings.HTTPS and not names:
        yield warning("settings", "HTTPS is on, but only this machine is in ALLOWED_HOSTS.",
                      "Add the public host name.")  # fmt: skip
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        host = urlsplit(origin).hostname or ""
        if names and "*" not in names | {host[:1]} and not any(host == n or host.endswith(f".{n}") for n in names):
            yield warning("settings", f"{origin} is in CSRF_TRUSTED_ORIGINS, and its name not in ALLOWED_HOSTS.",
                          f"Add {host} to ALLOWED_HOSTS, or remove the origin.")  # fmt: skip


def _links(names: set[str]) -> Iterator[Finding]:
    """Links in messages must lead to this installation."""
    site, runs = settings.SITE_URL, running_at(settings.VAR)
    host = urlsplit(site).hostname or ""
    prefix = "SITE_URL" if os.environ.get("SITE_URL") else "SITE_URL is not set:"
    if urlsplit(site).scheme not in ("http", "https") or not host:
        yield warning("settings", f"SITE_URL is {site}, which is not a valid URL.",
                      "Start it with http:// or https://, for example https://agent.example.com.")  # fmt: skip
    elif os.environ.get("SITE_URL") and runs and is_local(host) and _port(site) != _port(runs):
        yield warning("settings", f"Links in messages begin with {site}, but Smart Agent answers at {runs}.",
                      f"Set SITE_URL={runs} and restart; without SITE_URL, `up` sets it.")  # fmt: skip
    elif names and "*" not in names and is_local(host) and not runs:
        yield warning("settings", f"{prefix} links in messages begin with {site}, but ALLOWED_HOSTS has "
                      f"{', '.join(sorted(names))}.", "Set SITE_URL to the public address.")  # fmt: skip
    elif (
        names
        and "*" not in names
        and not is_local(host)
        and not any(host == n or host.endswith(f".{n}") for n in names)
    ):
        yield warning("settings", f"Links in messages begin with {site}, and {host} is not in ALLOWED_HOSTS.",
                      f"Add {host} to ALLOWED_HOSTS, or correct SITE_URL.")  # fmt: skip
    elif settings.HTTPS and not is_local(host) and site.startswith("http://"):
        yield warning("settings", f"HTTPS is on, but links in messages begin with {site}.",
                      f"Set SITE_URL=https://{host}.")  # fmt: skip


def _port(address: str) -> int | None:
    """The port of a URL, by default that of its scheme; None where it has none."""
    try:
        parts = urlsplit(address)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def check_secrets() -> Iterator[Finding]:
    """Secrets in the database must be encrypted with the present key."""
    sealed = Integration.objects.exclude(credentials_encrypted=None).order_by("-updated_at")
    yield from _lost("The credentials", "integration", sealed.values_list("credentials_encrypted", flat=True))
    kept = Channel.objects.exclude(sealed="").order_by("-updated_at")
    yield from _lost("The secrets", "channel", kept.values_list("sealed", flat=True))
    held = DataSource.objects.exclude(sealed="").order_by("-updated_at")
    yield from _lost("The secrets", "data source", held.values_list("sealed", flat=True))


def _lost(what: str, whose: str, sealed: Any) -> Iterator[Finding]:
    lost = sum(_is_lost(each or "") for each in sealed[:TRIED])
    if lost:
        problem = f"{what} of {lost} {plural(lost, whose)} cannot be decrypted."
        yield error("secrets", problem, "Restore the previous SECRET_KEY, or enter the secrets again.")


def _is_lost(sealed: str) -> bool:
    try:
        unseal(sealed)
    except SecretLost:
        return True
    return False
