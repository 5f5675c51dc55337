"""What a search may go on with, while somebody writes it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rules.search.fields import SEARCH_FIELDS
from rules.search.query import Term

MAX_SUGGESTIONS, LETTERS_OF_A_VALUE = 10, 2
LAST = re.compile(r'(?:^|(?<=\s))(-?)(?:([A-Za-z_]+):)?("[^"]*|[^\s"]*)$')
OF_WORDS = ("person", "rule", "metric", "target", "event")  # whose values a mere word may mean


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`search` is the whole text with the suggestion taken; `label` the term, `help` what it is."""

    search: str
    label: str
    help: str


def suggestions(text: str, asker: Any) -> list[Suggestion]:
    """Fields and values that the last term of `text` may become, at most MAX_SUGGESTIONS."""
    last = LAST.search(text)
    if last is None:
        return []
    head, excluded, field, part = text[: last.start()], bool(last[1]), (last[2] or "").lower(), last[3].lstrip('"')
    found = _values(field, part, asker) if field else _of_word(part, asker)
    sign = "-" if excluded else ""
    return [
        Suggestion(f"{head}{sign}{label}{'' if label.endswith(':') else ' '}", f"{sign}{label}", help_)
        for label, help_ in islice(found, MAX_SUGGESTIONS)
    ]


def _of_word(part: str, asker: Any) -> Iterator[tuple[str, str]]:
    for name, field in SEARCH_FIELDS.items():
        if name.startswith(part.casefold()):
            yield f"{name}:", field.help
    if len(part) >= LETTERS_OF_A_VALUE:
        for name in OF_WORDS:
            yield from _values(name, part, asker)


def _values(field: str, part: str, asker: Any) -> Iterator[tuple[str, str]]:
    if field not in SEARCH_FIELDS:
        return
    wanted, known = part.casefold(), SEARCH_FIELDS[field]
    for value, help_ in known.values(asker):
        if wanted in value.casefold() or wanted in help_.casefold():
            yield str(Term(value, field)), help_ or known.help
    if known.example and not part:
        yield f"{field}:{known.example}", known.help
