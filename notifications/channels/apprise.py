"""About a hundred more services by Apprise (https://github.com/caronc/apprise), behind a switch.

Apprise opens its own connections, which bypass the protections of our HTTP client: NOTIFICATIONS_APPRISE is off unless
an administrator turns it on.
"""

from typing import Any

from apprise import Apprise, NotifyType
from django import forms

from notifications.channels import Address, ChannelError, ChannelKind, Receipt
from notifications.channels.fields import SecretField
from notifications.channels.markup import harmless
from notifications.channels.message import OutgoingMessage
from notifications.channels.truncation import fitted

APPRISE_TYPES = {
    "low": NotifyType.INFO,
    "medium": NotifyType.WARNING,
    "high": NotifyType.WARNING,
    "critical": NotifyType.FAILURE,
}


def one_address(url: str) -> None:
    """Validate `url`: ValidationError where Apprise does not know it, or finds more than one address in it."""
    if len(Apprise(url)) != 1:
        raise forms.ValidationError("Enter exactly one valid Apprise URL.")


MAX_BODY_LENGTH = 32_768  # characters, where a service names no limit


def text(message: OutgoingMessage, maximum: int) -> str:
    """Text and link within the service's limit, which includes the title; only the text is cut."""
    link = f"\n\n{message.url}" if message.url and len(message.url) < maximum // 2 else ""
    room = max(maximum - len(harmless(message.title)) - len(link) - 2, maximum // 4)
    return (fitted(harmless(message.plain), room, message.numbers) + link).strip()


class AppriseForm(forms.Form):
    url = SecretField(
        label="Apprise address", help_text="For example tgram://bottoken/ChatID or gotify://host/token.",
        validators=[one_address],
    )  # fmt: skip


class AppriseChannel(ChannelKind):
    kind = "apprise"
    label = "Apprise"
    help = "Sends to one of about 100 services by an Apprise URL."
    icon = "hub"
    form = AppriseForm
    secrets = ("url",)

    def send(self, message: OutgoingMessage, address: Address) -> Receipt:
        target: Any = Apprise(address["url"])
        body = text(message, min((service.body_maxlen for service in target), default=MAX_BODY_LENGTH))
        title = harmless(message.title)
        kind = APPRISE_TYPES.get(message.severity, NotifyType.INFO)
        if not target.notify(body=body or title, title=title, notify_type=kind):
            raise ChannelError("Apprise could not deliver the notification and gave no reason.")
        return Receipt(excerpt="Delivered by Apprise.")

    def preview(self, message: OutgoingMessage, address: Address) -> str:
        return "\n\n".join(part for part in (message.title, message.plain, message.url) if part)
