"""Texts of others as they can be shown: what hides, reorders or breaks lines becomes a sign that one sees.

Control characters, overrides of the direction of writing (U+202E), spaces without width and halves of characters are
shown as U+FFFD. Joiners and marks of direction stay between letters that are not ASCII, where scripts and emoji need
them.
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
    """A title, subject or name: one line, with single spaces."""
    return paragraphs(" ".join(str(text).split()))


def paragraphs(text: str) -> str:
    """A text of many lines: line feeds and tabs stay."""
    text = str(text).replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if text.translate(BREAKS).isprintable():  # as nearly every text is
        return text
    return "".join(sign if _is_shown(text, place, sign) else SIGN for place, sign in enumerate(text))


def in_page(html: str) -> str:
    """A page of HTML without what reorders or hides its text."""
    return IN_PAGES.sub(SIGN, html)


def _is_shown(text: str, place: int, sign: str) -> bool:
    if sign in "\n\t" or sign in SEEN or unicodedata.category(sign) not in HIDDEN_CATEGORIES:
        return True
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    return sign in JOINERS and any(near and not near.isascii() and near not in JOINERS for near in (before, after))
