"""Markdown as HTML, with its headings: tables, fenced code and anchors as the Markdown package has them."""

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown import Markdown

EXTENSIONS = ("tables", "fenced_code", "sane_lists", "toc")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as HTML, and its second-level headings as (anchor, text)."""

    html: SafeString
    headings: list[tuple[str, str]]


def render(text: str) -> Rendered:
    """The files stand beside the code and what plugs say is escaped, so the HTML is trusted."""
    writer = Markdown(extensions=list(EXTENSIONS))
    html = writer.convert(text).replace("<pre>", '<pre tabindex="0">')  # what scrolls can be reached by keys
    html = html.replace("<th></th>", "<td></td>")  # a header without words is announced as one all the same
    html = html.replace("<table>", '<div class="sa-scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Rendered(mark_safe(html), list(_second_level(writer.toc_tokens)))  # type: ignore[attr-defined]  # noqa: S308


def _second_level(tokens: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(child["id"], child["name"]) for token in tokens for child in token["children"]]
