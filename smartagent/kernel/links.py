"""Stored URLs, which may come from other programs: only those with http or https become links."""

import re
from urllib.parse import urlsplit

UNWANTED = re.compile(r"[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\\<>\"]")


def web_address(text: object) -> str:
    """`text` where it is an http or https URL; else empty."""
    if not isinstance(text, str) or UNWANTED.search(text):
        return ""
    try:
        parts = urlsplit(text)
        return text if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def own_path(text: object) -> str:
    """`text` where it is a path on this site; else empty."""
    own = isinstance(text, str) and re.match(r"/(?!/)", text) and not UNWANTED.search(text)
    return str(text) if own else ""
