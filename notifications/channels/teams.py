"""Microsoft Teams: a Workflows webhook that takes an adaptive card.

https://learn.microsoft.com/connectors/teams (“When a Teams webhook request is received”), https://adaptivecards.io
"""

from typing import Any

from django import forms

from notifications.channels import Address, HTTPChannel, Outgoing, as_json
from notifications.channels.fields import SecretAddressField
from notifications.letters import Letter, short

COLOURS = {"low": "default", "medium": "warning", "high": "warning", "critical": "attention"}
MOST = 4000  # characters of one block; a whole message may have 28 KB


class TeamsForm(forms.Form):
    url = SecretAddressField(
        label="Webhook address",
        help_text="From a Teams workflow “Post to a channel when a webhook request is received”.",
    )


class Teams(HTTPChannel):
    kind = "teams"
    label = "Microsoft Teams"
    help = "Writes a card into a Teams channel by a Workflows webhook."
    icon = "groups"
    form = TeamsForm
    secrets = ("url",)

    def outgoing(self, letter: Letter, address: Address) -> Outgoing:
        content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card(letter)}
        return Outgoing(url=address["url"], **as_json({"type": "message", "attachments": [content]}))


def card(letter: Letter) -> dict[str, Any]:
    """The message as an adaptive card."""
    colour = COLOURS.get(letter.severity, "default")
    body = [_block(letter.title, size="large", weight="bolder", color=colour)]
    body += [_block(part) for part in (letter.text, *letter.lines) if part]
    links = [("Open", letter.url), ("Acknowledge", letter.acknowledge_url)]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": body, "actions": [{"type": "Action.OpenUrl", "title": word, "url": url} for word, url in links if url],
        "msteams": {"width": "Full"},
    }  # fmt: skip


def _block(text: str, **look: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": short(text, MOST).replace("\n", "\n\n"), "wrap": True, **look}
