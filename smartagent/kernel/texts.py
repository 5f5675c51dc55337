"""Texts that any answer, table and log can hold: no half of a surrogate pair, no NUL."""

import re

UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def keepable(text: str) -> bool:
    """Whether PostgreSQL can keep `text`: no NUL, no half of a surrogate pair."""
    return UNKEEPABLE.search(text) is None


def encodable(text: str) -> str:
    """`text` as an answer can quote it: a replacement character for what could not be encoded."""
    return UNKEEPABLE.sub("\ufffd", text)
