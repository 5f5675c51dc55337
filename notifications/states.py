"""How a channel does, in one word."""

from notifications.outgoing import Channel


def state_of(channel: Channel) -> str:
    """works, broken, or off."""
    return "off" if not channel.enabled else "broken" if channel.is_open else "works"
