"""Message templates of a channel, for title and text, in a sandboxed language (Liquid).

The result is plain text; each channel escapes it. A template that fails loses no message: the default text is sent, and
the delivery records the error.
"""

from dataclasses import replace

from notifications.channels.message import OutgoingMessage
from notifications.channels.truncation import fitted
from notifications.models import Channel
from notifications.templating.context import EXAMPLE_CONTEXTS, facts_of
from notifications.templating.environment import MessageTemplate, compiled
from notifications.templating.limits import NotWorded, Work

__all__ = ["NotWorded", "check", "worded"]

TITLE = 200  # characters
OF_MANY = {"items", "count"}  # a template that names one of these words a digest as a whole, any other each message
FAILED = "The template of the channel failed, so the default text was sent: {}"


def check(source: str) -> None:
    """Validate a template: NotWorded with the problem where it is invalid, or fails for a sample message."""
    if not source.strip():
        return
    wording = compiled(source)
    for facts in EXAMPLE_CONTEXTS:
        wording.fill_in(facts)


def worded(message: OutgoingMessage, channel: Channel | None) -> OutgoingMessage:
    """`message` with the channel's templates applied; the default text, with the error, where a template fails."""
    if channel is None or message.reason == "channel":  # messages about a channel itself are not a rule's
        return message
    return in_words(message, channel.title_template, channel.body_template)


def in_words(message: OutgoingMessage, title: str, body: str) -> OutgoingMessage:
    """`message` with these two templates applied."""
    if not (title.strip() or body.strip()):
        return message
    try:
        return _reworded(message, compiled(title) if title.strip() else None, compiled(body) if body.strip() else None)
    except NotWorded as error:
        return replace(message, wording_failed=FAILED.format(error))


def _reworded(message: OutgoingMessage, title: MessageTemplate | None, body: MessageTemplate | None) -> OutgoingMessage:
    if not message.items:
        return _one(message, title, body, Work())
    work = Work(len(message.items))
    whole = _one(message, _where(title, of_many=True), _where(body, of_many=True), work)
    items = tuple(_one(item, _where(title, of_many=False), _where(body, of_many=False), work) for item in message.items)
    return replace(whole, items=items, listed=bool(body and "items" in body.names))


def _where(wording: MessageTemplate | None, *, of_many: bool) -> MessageTemplate | None:
    return wording if wording and bool(wording.names & OF_MANY) == of_many else None


def _one(
    message: OutgoingMessage, title: MessageTemplate | None, body: MessageTemplate | None, work: Work
) -> OutgoingMessage:
    if title is body is None:
        return message
    facts = facts_of(message)
    heading = " ".join(title.fill_in(facts, work).split()) if title else ""
    text = body.fill_in(facts, work).strip() if body else message.text
    return replace(message, title=fitted(heading, TITLE, message.numbers, " ") if heading else message.title, text=text)
