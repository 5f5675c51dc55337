"""Messages of protocol buffers that come from outside."""

from typing import Any

from google.protobuf.message import DecodeError


class BadMessage(Exception):
    """The body is not a message of this protocol."""


def parsed(message: Any, body: bytes) -> Any:
    """The message of the class `message`; BadMessage where the body is none."""
    try:
        return message.FromString(body)
    except DecodeError:
        raise BadMessage(f"The body is not a {message.DESCRIPTOR.full_name}.") from None
