"""Microsoft Teams: a Workflows webhook that accepts an adaptive card.

https://learn.microsoft.com/connectors/teams (“When a Teams webhook request is received”), https://adaptivecards.io
"""

from typing import Any

from django import forms

from notifications.channels import Address, ChannelError, HTTPChannel, HTTPRequest, as_json, facts_of, unexpected
from notifications.channels.fields import SecretAddressField
from notifications.channels.markup import harmless
from notifications.channels.message import OutgoingMessage
from smartagent.outbound.client import Answer

TEAMS_COLOURS = {"low": "default", "medium": "warning", "high": "warning", "critical": "attention"}
MAX_BYTES = 28 * 1024  # bytes of a message
TEXT_LENGTHS = (4000, 2000, 1000, 500, 250, 120)  # characters of one block: the first with which the message fits
ADDRESS = 2000  # characters of a link
# A workflow answers 202 and nothing, an older webhook 200 and 1, and one with a step “Response” the JSON that it makes.
TEAMS_ACCEPTED = ("", "1")
NOT_TAKEN = "Webhook message delivery failed"  # Teams says so with the code 200


class TeamsForm(forms.Form):
    url = SecretAddressField(
        label="Webhook address",
        help_text="From a Teams workflow “Post to a channel when a webhook request is received”.",
    )


class Teams(HTTPChannel):
    kind = "teams"
    label = "Microsoft Teams"
    help = "Posts a card to a Teams channel through a Workflows webhook."
    icon = "groups"
    form = TeamsForm
    secrets = ("url",)

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        requests = (
            HTTPRequest(url=address["url"], **as_json(teams_payload(message, maximum))) for maximum in TEXT_LENGTHS
        )
        smallest = HTTPRequest(url=address["url"], **as_json(teams_payload(message, TEXT_LENGTHS[-1])))
        return next((request for request in requests if len(request.body) <= MAX_BYTES), smallest)

    def check(self, answer: Answer) -> None:
        if answer.excerpt.startswith(NOT_TAKEN):
            raise ChannelError(
                "Teams reported that the message was not delivered.", code=answer.code, excerpt=answer.excerpt
            )
        body = answer.excerpt.strip()
        if body not in TEAMS_ACCEPTED and not _is_json(answer):
            raise unexpected(answer, "Teams answers 202 without a text, or “1”, to accepted messages")


def _is_json(answer: Answer) -> bool:
    """Whether the answer is JSON, as of a workflow with its own response, which is no error."""
    facts = facts_of(answer)
    return bool(facts) and not facts.get("error")


def teams_payload(message: OutgoingMessage, maximum: int = TEXT_LENGTHS[0]) -> dict[str, Any]:
    """The card in the envelope of a Workflows webhook, with at most `maximum` characters per block."""
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card(message, maximum),
    }  # fmt: skip
    return {"type": "message", "attachments": [attachment]}


def card(message: OutgoingMessage, maximum: int) -> dict[str, Any]:
    """The message as an adaptive card."""
    colour = TEAMS_COLOURS.get(message.severity, "default")
    body = [_block(message.heading(min(maximum, 500)), size="large", weight="bolder", color=colour)]
    body += [_block(part) for part in message.parts(maximum)]
    links = [("Open", message.url), ("Acknowledge", message.acknowledge_url)]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": body, "actions": [{"type": "Action.OpenUrl", "title": word, "url": url}
                                  for word, url in links if 0 < len(url) <= ADDRESS],
        "msteams": {"width": "Full"},
    }  # fmt: skip


def _block(text: str, **look: str) -> dict[str, Any]:
    """A text block. Markdown may emphasize words, but its links cannot hide their target."""
    safe = harmless(text).replace("\n", "\n\n")
    return {"type": "TextBlock", "text": safe, "wrap": True, **look}
