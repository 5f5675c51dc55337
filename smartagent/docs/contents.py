"""Which pages the documentation has, in their order. A page is a Markdown file in `text/`, or one kind of plug."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smartagent.docs.reference import SECTIONS, reference_text

TEXT_FOLDER = Path(__file__).parent / "text"
GUIDES = {
    "Users' guide": (
        "first-rule", "rules", "on-call", "activity-log", "silences", "rule-health", "channels", "preferences",
        "optimizations", "samples", "agents", "data-sources", "rules-as-code",
    ),
    "Operators' guide": (
        "install", "deploy", "sizing", "configuration", "sign-in", "security", "monitoring", "reliability", "failures",
        "backup", "retention", "commands", "takeover",
    ),
    "Developers' guide": ("rest", "extending", "architecture"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its address below /docs/, the section it stands in, its title and its Markdown."""

    slug: str
    section: str
    title: str
    text: str


def all_pages() -> list[Page]:
    """Every page, in the order of the list at the side."""
    return [*_guides(), *_reference()]


def _guides() -> Iterator[Page]:
    for section, slugs in GUIDES.items():
        for slug in slugs:
            text = (TEXT_FOLDER / f"{slug}.md").read_text(encoding="utf-8")
            yield Page(slug, section, title_of(text), text)


def _reference() -> Iterator[Page]:
    for section, registry in SECTIONS.items():
        for plug in registry:
            yield Page(f"{section.lower()}/{plug.kind}", section, str(plug.label), reference_text(plug))


def title_of(text: str) -> str:
    """The first heading."""
    return text.partition("\n")[0].removeprefix("# ").strip()
