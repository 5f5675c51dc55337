"""The settings of a channel: secrets are encrypted, and only decrypted for sending."""

from collections.abc import Mapping
from typing import Any

from notifications.channels import ChannelKind
from notifications.models import Channel
from notifications.registries import channels
from smartagent.kernel.sealing import SecretLost, seal, unseal


def values_of(channel: Channel) -> dict[str, Any]:
    """All settings, secrets decrypted; SecretLost where they cannot be decrypted."""
    secret = unseal(channel.sealed) if channel.sealed else {}
    return {**(channel.config if isinstance(channel.config, dict) else {}), **secret}


def known_of(channel: Channel) -> dict[str, Any]:
    """All settings that can be read; a lost secret must be entered again."""
    try:
        return values_of(channel)
    except SecretLost:
        return dict(channel.config) if isinstance(channel.config, dict) else {}


def keep(channel: Channel, values: Mapping[str, Any]) -> None:
    """Set the channel's settings, with secrets encrypted; not saved yet."""
    secret = {name for name in channels[channel.kind].secrets if values.get(name)}
    channel.config = {name: value for name, value in values.items() if value not in ("", None) and name not in secret}
    channel.sealed = seal({name: values[name] for name in secret}) if secret else ""


ENTER_AGAIN = "The address has changed: enter this secret again or remove it."


def make(kind: ChannelKind, name: str, values: dict[str, Any]) -> str:
    """Put a new secret into `values`, together with the previous one where `kind` keeps it; return the new one."""
    if (before := kind.keeps_before.get(name)) and values.get(name):
        values[before] = values[name]
    values[name] = kind.makes[name]()
    return str(values[name])
