"""The search in the documentation: pages that have every word, each with the line that has the most of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from django.utils.html import strip_tags

from smartagent.docs.contents import Page
from smartagent.docs.rendering import render

EXCERPT_LENGTH = 160  # characters


@dataclass(frozen=True, slots=True)
class Hit:
    """A page that was found, and a line of it."""

    page: Page
    excerpt: str


def find_pages(pages: list[Page], term: str) -> list[Hit]:
    """The pages with every word of `term`; those with one in the title first, then those with one in a heading."""
    words = term.lower().split()
    hits = [page for page in pages if all(word in page.text.lower() for word in words)]
    hits.sort(key=lambda page: (not _has_any(page.title, words), not _has_any(_headings(page.text), words)))
    return [Hit(page, _excerpt(page.text, words)) for page in hits]


def _has_any(text: str, words: list[str]) -> bool:
    return any(word in text.lower() for word in words)


def _headings(text: str) -> str:
    return "\n".join(re.findall(r"^##+ .*", text, re.MULTILINE))


def _excerpt(text: str, words: list[str]) -> str:
    """The line that has the most of `words`, its heading counted in."""
    lines = [(line, f"{heading} {line}".lower()) for heading, line in _lines(text)]
    best, _ = max(lines, key=lambda pair: sum(word in pair[1] for word in words), default=("", ""))
    plain = " ".join(unescape(strip_tags(render(best.strip("| ")).html)).replace(" | ", ": ").split())
    return plain if len(plain) <= EXCERPT_LENGTH else plain[: EXCERPT_LENGTH - 1].rstrip() + "…"


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line of text with the heading above it; drawings and rules of tables are no text."""
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line
        elif line.strip("|- ") and not line.startswith(("<", "```")):
            yield heading, line
