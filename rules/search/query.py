"""The text of a search, read into terms and written again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

MAX_TERMS = 30
QUERY_TOKEN = re.compile(
    r"""\s*(?P<excluded>-)?(?:(?P<field>[A-Za-z_]+):(?!//))?(?:"(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$)|(?P<bare>[^\s"]\S*))?"""
)
BARE = re.compile(r'[^\s"\-][^\s"]*\Z')
LIKE_A_FIELD = re.compile(r"-?[A-Za-z_]+:(?!//)")


class SearchError(ValueError):
    """A search that cannot be read, in words for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word (`field` is empty), or a `field:value`; `excluded` ones begin with a minus sign."""

    value: str
    field: str = ""
    excluded: bool = False

    def __str__(self) -> str:
        value = self.value if _is_bare(self) else '"' + re.sub(r'(["\\])', r"\\\1", self.value) + '"'
        return f"{'-' if self.excluded else ''}{self.field + ':' if self.field else ''}{value}"

    @property
    def other(self) -> "Term":
        """The opposite: excluded where this is not."""
        return replace(self, excluded=not self.excluded)


def parse(text: str) -> list[Term]:
    """The terms of `text`, each once, in its order; SearchError where it cannot be read."""
    terms: dict[Term, None] = {}
    place, text = 0, text.strip()
    while place < len(text):
        found = QUERY_TOKEN.match(text, place)
        if found is None or found.end() == place or (found["quoted"] is None and found["bare"] is None):
            raise SearchError(_complaint(text[place:].strip()))
        place = found.end()
        value = found["bare"] if found["quoted"] is None else re.sub(r"\\(.)", r"\1", found["quoted"])
        if not value.strip():
            raise SearchError(_complaint(found[0].strip()))
        terms[Term(value, (found["field"] or "").lower(), bool(found["excluded"]))] = None
    if len(terms) > MAX_TERMS:
        raise SearchError(f"A search has at most {MAX_TERMS} terms; this one has {len(terms)}.")
    return list(terms)


def written(terms: Sequence[Term]) -> str:
    """The text that is read as `terms`."""
    return " ".join(map(str, terms))


def _is_bare(term: Term) -> bool:
    """Whether the value needs no quotes."""
    return bool(BARE.match(term.value)) and (bool(term.field) or not LIKE_A_FIELD.match(term.value))


def _complaint(rest: str) -> str:
    """What is wrong at the beginning of `rest`."""
    start = rest.split(maxsplit=1)[0][:40] if rest.split() else rest
    if '"' in start:
        return (
            f'A quotation mark is missing or misplaced at {start}. Write phrases as "two words" or field:"two words".'
        )
    return f"“{start}” has no value. Write a word, or field:value, for example severity:critical."
