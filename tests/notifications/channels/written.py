"""Messages for tests of channels, and what a receiver got."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pytest_httpserver import HTTPServer

from notifications.channels import Address, ChannelError
from notifications.channels.message import OutgoingMessage
from notifications.delivery.attempt import sent
from notifications.registries import channels
from smartagent.kernel.event_loop import run_to_end

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def message(number: int = 1, **fields: Any) -> OutgoingMessage:
    """An alert about the CPU of a machine."""
    return OutgoingMessage(
        **{
            "id": str(UUID(int=number)), "reason": "first", "type": "alert", "severity": "high", "title": "CPU is high",
            "text": "CPU is 95: above 90.", "url": "https://agent.example.com/activity/1/change/", "created_at": AT,
            "recipient": "Alice", "recipient_email": "alice@example.com", "rule": str(UUID(int=7)), "rule_name": "CPU",
            "thread": "7:1:web-1", "facts": {"metric": "cpu", "value": 95.0},
        } | fields
    )  # fmt: skip


def digest(count: int, **fields: Any) -> OutgoingMessage:
    """So many alerts in one."""
    items = tuple(message(n + 2, thread=f"7:1:web-{n}", **fields) for n in range(count))
    return message(reason="digest", title=f"{count} messages", text="", thread="", facts={}, items=items)


def send(kind: str, one: OutgoingMessage, **values: Any) -> Any:
    """Send it by a channel of this kind with these settings."""
    return run_to_end(sent(channels[kind], one, Address(values)))


def refusal(kind: str, one: OutgoingMessage, **values: Any) -> ChannelError:
    """Why it was not taken."""
    try:
        receipt = send(kind, one, **values)
    except ChannelError as error:
        return error
    raise AssertionError(f"It was taken: {receipt}")


def got(receiver: HTTPServer) -> Any:
    """The JSON of the last request."""
    return json.loads(receiver.log[-1][0].data)


def errors(kind: str, **values: Any) -> dict[str, list[str]]:
    """What the form of this kind does not like."""
    form = channels[kind].form(values)
    return {name: [str(each) for each in found] for name, found in form.errors.items()}
