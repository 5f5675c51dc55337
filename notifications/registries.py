"""The plugs of notifications: channels. Apart from the port, so that models can name them."""

from typing import TYPE_CHECKING

from smartagent.kernel.registry import Registry

if TYPE_CHECKING:
    from notifications.channels import ChannelKind

channels: "Registry[ChannelKind]" = Registry("NOTIFICATIONS_CHANNELS")


def channel_choices() -> list[tuple[str, str]]:
    """The kinds of channel that there are."""
    return channels.choices()
