"""Slack and compatible services (Mattermost, Rocket.Chat): an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/block-kit
"""

import re
from typing import Any

from django import forms

from notifications.channels import Address, ChannelError, HTTPChannel, HTTPRequest, as_json, facts_of, unexpected
from notifications.channels.fields import SecretAddressField
from notifications.channels.markup import harmless
from notifications.channels.message import OutgoingMessage
from notifications.channels.truncation import fitted
from smartagent.outbound.client import Answer

SLACK_COLOURS = {"low": "#64748b", "medium": "#d97706", "high": "#ea580c", "critical": "#dc2626"}
MARKS = {"low": "ℹ️", "medium": "⚠️", "high": "🔶", "critical": "🔴"}
HEADER, SECTION, ADDRESS = 150, 3000, 3000  # characters that Slack takes
LINK = 1000  # characters of an address that stands in the text too
# What says that a message was taken: Slack and Mattermost answer `ok`, Rocket.Chat and Zulip with JSON.
SLACK_ACCEPTED = ({"ok": True}, {"success": True}, {"result": "success"})
# What says that it was not, and for good, also where its code says that all is well.
SLACK_REFUSAL = re.compile(r"(no|invalid|missing|channel|posting|action|team|user|too|token|account)_[a-z_]+")


class SlackForm(forms.Form):
    url = SecretAddressField(
        label="Webhook address", help_text="From Slack's “Incoming Webhooks”: https://hooks.slack.com/services/…"
    )


class Slack(HTTPChannel):
    kind = "slack"
    label = "Slack"
    help = "Posts to a Slack channel through an incoming webhook."
    icon = "forum"
    form = SlackForm
    secrets = ("url",)

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        return HTTPRequest(url=address["url"], **as_json(slack_payload(message)))

    def check(self, answer: Answer) -> None:
        if error := self.words(answer):
            raise ChannelError(f"Slack reported: {error}.", permanent=True, code=answer.code, excerpt=answer.excerpt)
        facts = facts_of(answer)
        if answer.excerpt.strip() != "ok" and not any(facts.items() >= taken.items() for taken in SLACK_ACCEPTED):
            raise unexpected(answer, "Slack answers “ok” to accepted messages")

    def words(self, answer: Answer) -> str:
        facts = facts_of(answer)
        error = str(facts.get("error", "") if facts.get("ok") is False else answer.excerpt).strip()
        return error if SLACK_REFUSAL.fullmatch(error) or (error and facts.get("ok") is False) else ""


def slack_payload(message: OutgoingMessage) -> dict[str, Any]:
    """The message as blocks. `text` is for notifications, and for services without blocks."""
    heading = f"{MARKS.get(message.severity, '')} {message.title}".strip()
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": part}} for part in _sections(message)
    ]  # fmt: skip
    if buttons := _buttons(message):
        blocks.append({"type": "actions", "elements": buttons})
    colour = SLACK_COLOURS.get(message.severity, SLACK_COLOURS["low"])
    return {
        "text": _all(message, heading),
        "blocks": [{"type": "header", "text": _plain(fitted(harmless(heading), HEADER, message.numbers, " "))}],
        "attachments": [{"color": colour, "blocks": blocks}] if blocks else [],
    }  # fmt: skip


def _sections(message: OutgoingMessage) -> list[str]:
    """The text and the messages of a digest, each within Slack's limit, with its numbers."""
    items = [(f"{item.title}\n{item.text}", item.numbers) for item in message.shown]
    rest = [(message.rest, "")] if message.more else []
    return [kept(text, SECTION, numbers) for text, numbers in [(message.text, message.numbers), *items, *rest]
            if text.strip()]  # fmt: skip


def _all(message: OutgoingMessage, heading: str) -> str:
    """Heading, text and link as one text; only the text is cut."""
    link = f"\n\n{escaped(message.url, ADDRESS)}" if 0 < len(message.url) <= LINK else ""
    text = "\n\n".join(part for part in (heading, message.plain) if part)
    return kept(text, SECTION - len(link), message.numbers) + link


def kept(text: str, maximum: int, numbers: str) -> str:
    """`text` escaped for Slack, in at most `maximum` characters, with its numbers."""
    cut, last = escaped(text, maximum), escaped(numbers, maximum)
    if not cut.endswith("…") or not last or last in cut:
        return cut
    return f"{escaped(text, maximum - len(last) - 1)}\n{last}"


def _buttons(message: OutgoingMessage) -> list[dict[str, Any]]:
    links = [("Open", message.url), ("Acknowledge", message.acknowledge_url)]
    return [{"type": "button", "text": _plain(word), "url": url} for word, url in links if 0 < len(url) <= ADDRESS]


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def escaped(text: str, maximum: int) -> str:
    """`text` with Slack's three special characters escaped, never cut within an escape."""
    safe = harmless(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe if len(safe) <= maximum else re.sub(r"&[a-z]*$", "", safe[: maximum - 1]).rstrip() + "…"
