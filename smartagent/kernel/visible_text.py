"""Untrusted texts made safe to show: characters that hide, reorder or break lines become visible.

Control characters, bidirectional overrides (U+202E), zero-width spaces and unpaired surrogates are shown as U+FFFD.
Joiners and direction marks stay between non-ASCII letters, where scripts and emoji need them.
"""

import re
import unicodedata

SIGN = "\ufffd"
JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
# Format characters that are seen: signs of numbers in Arabic, Syriac and Kaithi.
SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\U000110bd\U000110cd")
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
BREAKS = str.maketrans("", "", "\n\t")
# In pages: what reorders or hides. Joiners and marks of direction stay, as people of many languages write them.
IN_PAGES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff]")


def one_line(text: str) -> str:
    """The text on one line, with single spaces, for titles, subjects and names."""
    return paragraphs(" ".join(str(text).split()))


def paragraphs(text: str) -> str:
    """The text with its line feeds and tabs."""
    text = str(text)
    if text.isprintable():  # as nearly every text is
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if text.translate(BREAKS).isprintable():
        return text
    return "".join(sign if _is_shown(text, place, sign) else SIGN for place, sign in enumerate(text))


def in_page(html: str) -> str:
    """HTML without characters that reorder or hide its text."""
    return IN_PAGES.sub(SIGN, html)


def _is_shown(text: str, place: int, sign: str) -> bool:
    if sign in "\n\t" or sign in SEEN or unicodedata.category(sign) not in HIDDEN_CATEGORIES:
        return True
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    return sign in JOINERS and any(near and not near.isascii() and near not in JOINERS for near in (before, after))
