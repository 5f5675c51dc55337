"""Slack, and what speaks like it (Mattermost, Rocket.Chat): an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/block-kit
"""

import re
from typing import Any

from django import forms

from notifications.channels import Address, ChannelError, HTTPChannel, Outgoing, as_json, facts_of
from notifications.channels.fields import SecretAddressField
from notifications.letters import Letter, short
from smartagent.outbound.client import Answer

COLOURS = {"low": "#64748b", "medium": "#d97706", "high": "#ea580c", "critical": "#dc2626"}
MARKS = {"low": "ℹ️", "medium": "⚠️", "high": "🔶", "critical": "🔴"}
HEADER, SECTION, ADDRESS = 150, 3000, 3000  # characters that Slack takes
# What stands in an answer that took nothing, also where its code says that all is well.
REFUSED = re.compile(r"(no|invalid|missing|channel|posting|action|team|user|too|token|account)_[a-z_]+")


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
        if said := self.words(answer):
            raise ChannelError(f"Slack says {said}.", permanent=True, code=answer.code, excerpt=answer.excerpt)

    def words(self, answer: Answer) -> str:
        facts = facts_of(answer)
        said = str(facts.get("error", "") if facts.get("ok") is False else answer.excerpt).strip()
        return said if REFUSED.fullmatch(said) or (said and facts.get("ok") is False) else ""


def message(letter: Letter) -> dict[str, Any]:
    """The message as blocks. `text` is what stands in the pop-up, and all that programs show which know no blocks."""
    heading = f"{MARKS.get(letter.severity, '')} {letter.title}".strip()
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": escaped(part, SECTION)}}
        for part in (letter.text, *letter.lines) if part.strip()
    ]  # fmt: skip
    if buttons := _buttons(letter):
        blocks.append({"type": "actions", "elements": buttons})
    colour = COLOURS.get(letter.severity, COLOURS["low"])
    said = "\n\n".join(part for part in (heading, letter.plain, letter.url) if part)
    return {
        "text": escaped(said, SECTION), "blocks": [{"type": "header", "text": _plain(short(heading, HEADER))}],
        "attachments": [{"color": colour, "blocks": blocks}] if blocks else [],
    }  # fmt: skip


def _buttons(letter: Letter) -> list[dict[str, Any]]:
    links = [("Open", letter.url), ("Acknowledge", letter.acknowledge_url)]
    return [{"type": "button", "text": _plain(word), "url": url} for word, url in links if 0 < len(url) <= ADDRESS]


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def escaped(text: str, most: int) -> str:
    """`text` with the three characters that mean something to Slack written out, and not cut within one of them."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe if len(safe) <= most else re.sub(r"&[a-z]*$", "", safe[: most - 1]).rstrip() + "…"
