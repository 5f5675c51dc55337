"""The status of a channel, from its last delivery."""

from django.db.models import Q

from notifications.channels import Address
from notifications.models import Channel
from notifications.registries import channels

FAILING = Q(opened_at__isnull=False) | Q(failures__gt=0)
# Each with its label, and which channels have it.
STATUS_QUERIES = {
    "untested": Q(enabled=True, works_since=None) & ~FAILING,
    "works": Q(enabled=True, works_since__isnull=False) & ~FAILING,
    "failing": Q(enabled=True) & FAILING,
    "disabled": Q(enabled=False),
}
STATUS_LABELS = {name: name for name in STATUS_QUERIES} | {"works": "working"}
STATUS_CHOICES = list(STATUS_LABELS.items())


def channel_in_words(channel: Channel) -> str:
    """`Webhook to example.com: working.`; with its error: `E-mail to a@example.com: failing. Connection refused`"""
    kind, state = channels.find(channel.kind), state_of(channel)
    where = f"{kind.label} to {kind.where(Address(channel.config))}" if kind else f"{channel.kind} (not installed)"
    error = f" {channel.cause}" if state == "failing" and channel.cause else ""
    return f"{where}: {STATUS_LABELS[state]}.{error}"


def state_of(channel: Channel) -> str:
    """untested: nothing delivered since its settings changed; works: the last message was delivered; failing: it was
    not.

    A channel that is not in use is disabled.
    """
    if not channel.enabled:
        return "disabled"
    if channel.is_open or channel.failures:
        return "failing"
    return "works" if channel.works_since else "untested"
