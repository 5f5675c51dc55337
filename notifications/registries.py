"""The registry of channels. Apart from the port, so that models can import it."""

from typing import TYPE_CHECKING

from smartagent.kernel.registry import Registry

if TYPE_CHECKING:
    from notifications.channels import ChannelKind

channels: "Registry[ChannelKind]" = Registry("NOTIFICATIONS_CHANNELS")


def channel_choices() -> list[tuple[str, str]]:
    """The registered kinds of channel."""
    return channels.choices()
