"""How a data source is reached: its address, and its secrets in the headers of a request. Secrets are encrypted."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.models import DataSource
from smartagent.kernel.sealing import SecretLost, seal, unseal
from smartagent.kernel.secret_mask import forms_of
from smartagent.outbound.tls import Trust

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
RESERVED_HEADERS = frozenset({"authorization", "content-length", "content-type", "host", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSecrets:
    """The decrypted secrets of a source; their repr shows none."""

    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a request to a source needs, without a database."""

    name: str
    address: str
    seconds: float
    trust: Trust
    headers: Mapping[str, str] = field(repr=False)
    hidden: tuple[str, ...] = field(repr=False)


def secrets_of(source: DataSource) -> SourceSecrets:
    """The secrets of `source`; SecretLost where they cannot be decrypted."""
    found: dict[str, Any] = unseal(source.sealed) if source.sealed else {}
    return SourceSecrets(**{name: found[name] for name in ("password", "token", "headers") if name in found})


def known_secrets_of(source: DataSource) -> SourceSecrets:
    """The secrets that can be read; a lost one must be entered again."""
    try:
        return secrets_of(source)
    except SecretLost:
        return SourceSecrets()


def keep_secrets(source: DataSource, secrets: SourceSecrets) -> None:
    """Set the secrets that the authentication of `source` uses, encrypted; not saved yet."""
    used = {
        "password": secrets.password if source.authentication == DataSource.Authentication.BASIC else "",
        "token": secrets.token if source.authentication == DataSource.Authentication.BEARER else "",
        "headers": dict(secrets.headers),
    }
    kept = {name: value for name, value in used.items() if value}
    source.header_names = sorted(secrets.headers)
    source.sealed = seal(kept) if kept else ""


def connection_to(source: DataSource) -> Connection:
    """The connection to `source`; SecretLost where its secrets cannot be decrypted."""
    secrets = secrets_of(source)
    authorization = _authorization(source, secrets)
    sent = [each.partition(" ")[2] for each in authorization.values()]
    return Connection(
        name=source.name, address=source.address.rstrip("/"), seconds=source.timeout,
        trust=Trust(source.verify_tls, source.ca_certificate), headers=dict(secrets.headers) | authorization,
        hidden=forms_of([secrets.password, *sent, *secrets.headers.values()]),
    )  # fmt: skip


def _authorization(source: DataSource, secrets: SourceSecrets) -> dict[str, str]:
    if source.authentication == DataSource.Authentication.BASIC:
        pair = base64.b64encode(f"{source.username}:{secrets.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    if source.authentication == DataSource.Authentication.BEARER:
        return {"Authorization": f"Bearer {secrets.token}"}
    return {}
