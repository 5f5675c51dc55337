"""Slack, and what speaks like it (Mattermost, Rocket.Chat): an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/block-kit
"""

from typing import Any

from django import forms

from notifications.channels import Address, ChannelError, HTTPChannel, Outgoing, as_json
from notifications.channels.fields import SecretAddressField
from notifications.letters import Letter, short
from smartagent.outbound.client import Answer

COLOURS = {"low": "#64748b", "medium": "#d97706", "high": "#ea580c", "critical": "#dc2626"}
MARKS = {"low": "ℹ️", "medium": "⚠️", "high": "🔶", "critical": "🔴"}
HEADER, SECTION = 150, 3000  # characters that Slack takes


class SlackForm(forms.Form):
    url = SecretAddressField(
        label="Webhook address", help_text="From Slack's “Incoming Webhooks”: https://hooks.slack.com/services/…"
    )


class Slack(HTTPChannel):
    kind = "slack"
    label = "Slack"
    help = "Writes into a Slack channel by an incoming webhook."
    icon = "forum"
    form = SlackForm
    secrets = ("url",)

    def outgoing(self, letter: Letter, address: Address) -> Outgoing:
        return Outgoing(url=address["url"], **as_json(message(letter)))

    def check(self, answer: Answer) -> None:
        if answer.excerpt.startswith(("no_text", "invalid_", "missing_")):
            raise ChannelError(f"Slack says {answer.excerpt}.", permanent=True, code=answer.code)


def message(letter: Letter) -> dict[str, Any]:
    """The message as blocks; `text` is what stands in the pop-up."""
    heading = f"{MARKS.get(letter.severity, '')} {letter.title}".strip()
    parts = [letter.text, *letter.lines] if letter.items else [letter.text]
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(short(heading, HEADER))}]
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": short(escaped(part), SECTION)}}
               for part in parts if part]  # fmt: skip
    links = [("Open", letter.url), ("Acknowledge", letter.acknowledge_url)]
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": word}, "url": url} for word, url in links if url
    ]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return {
        "text": short(escaped(heading), SECTION),
        "attachments": [{"color": COLOURS.get(letter.severity, "#64748b"), "blocks": blocks}],
    }


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def escaped(text: str) -> str:
    """The three characters that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
