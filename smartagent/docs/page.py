"""The pages of the documentation, and the search in them."""

from itertools import groupby
from typing import Any

from django.contrib.admin import site
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from smartagent.docs.contents import Page, all_pages
from smartagent.docs.rendering import render
from smartagent.docs.search import find_pages

MAX_TERM_LENGTH = 100


@require_GET
def docs(request: HttpRequest, slug: str = "") -> HttpResponse:
    """One page, the first without a slug; with `q` what is found for it."""
    pages = all_pages()
    term = request.GET.get("q", "").replace("\0", "").strip()[:MAX_TERM_LENGTH]
    if term:
        return _answer(request, pages, {"title": "Documentation", "term": term, "results": find_pages(pages, term)})
    page = next((page for page in pages if page.slug == slug), None) if slug else pages[0]
    if page is None:
        raise Http404
    return _answer(request, pages, _shown(pages, page))


def _shown(pages: list[Page], page: Page) -> dict[str, Any]:
    at = pages.index(page)
    return {
        "title": page.title, "page": page, "rendered": render(page.text),
        "previous": pages[at - 1] if at else None, "next": pages[at + 1] if at + 1 < len(pages) else None,
    }  # fmt: skip


def _answer(request: HttpRequest, pages: list[Page], context: dict[str, Any]) -> HttpResponse:
    sections = [(name, list(group)) for name, group in groupby(pages, key=lambda page: page.section)]
    context = site.each_context(request) | {"sections": sections} | context
    return TemplateResponse(request, "smartagent/docs/page.html", context)
