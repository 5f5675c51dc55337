"""Masking of secrets in answers of other systems before they are stored."""

import html
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, urlsplit

MASK = "…"
SHORTEST = 6  # a piece of text that is shorter gives nothing away, and stands in many words
TOKEN = 16  # a part of an address that is so long is one


def forms_of(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each secret in the encodings in which it may come back, including secret parts of URLs; longest first."""
    found = set()
    for secret in secrets:
        for piece in (secret, *_pieces(secret)):
            found |= {piece, quote(piece, safe=""), quote_plus(piece), json.dumps(piece)[1:-1], html.escape(piece)}
    return tuple(sorted((each for each in found if len(each) >= SHORTEST), key=lambda each: (-len(each), each)))


def hide(text: str, hidden: Iterable[str]) -> str:
    """`text` without the secrets, including ones that are cut off at the end of an excerpt."""
    if len(text) < SHORTEST:
        return text
    hidden = tuple(hidden)
    for each in hidden:
        text = text.replace(each, MASK)
    for each in hidden:
        longest = min(len(each) - 1, len(text))
        cut = next((length for length in range(longest, SHORTEST - 1, -1) if text.endswith(each[:length])), 0)
        if cut:
            text = text[:-cut] + MASK
    return text


def _pieces(secret: str) -> list[str]:
    if not secret.startswith(("http://", "https://")):
        return []
    address = urlsplit(secret)
    whole = f"{address.path}?{address.query}" if address.query else address.path
    values = [pair.partition("=")[2] for pair in address.query.split("&")]
    return [whole, address.query, *(part for part in [*address.path.split("/"), *values] if len(part) >= TOKEN)]
