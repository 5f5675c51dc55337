"""A page that shows a secret once: a new token, a generated password."""

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def shown_once(
    request: HttpRequest, *, title: str, words: str, secret: str, label: str, way_on: str, hint: str = ""
) -> HttpResponse:
    """Return a page with `secret` to copy, which browsers do not cache."""
    context = site.each_context(request) | {
        "title": title, "words": words, "secret": secret, "label": label, "way_on": way_on, "hint": hint,
    }  # fmt: skip
    response = TemplateResponse(request, "smartagent/shown_once.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response
