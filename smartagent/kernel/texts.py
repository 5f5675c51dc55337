"""Texts that responses, tables and logs can hold: no unpaired surrogates, no NUL."""

import re

UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def keepable(text: str) -> bool:
    """Whether PostgreSQL can store `text`: no NUL, no unpaired surrogate."""
    return UNKEEPABLE.search(text) is None


def encodable(text: str) -> str:
    """`text` with a replacement character for what cannot be encoded."""
    return UNKEEPABLE.sub("\ufffd", text)
