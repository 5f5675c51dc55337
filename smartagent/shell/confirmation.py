"""Confirmation pages: the effects of an action, a button that runs it, and a link that cancels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import helpers, site
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRMED_FIELD = "post"  # comes back with the button
CONFIRMATION_TEMPLATE = "smartagent/confirm.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The contents of a confirmation page; without a `verb` there is no button, only the link back."""

    title: str
    verb: str
    cancel: str  # address
    warning: str = ""
    danger: bool = False
    focus: bool = True  # on the button, where nothing has to be filled in before
    hidden: tuple[tuple[str, str], ...] = ()  # come back with the button


def selection(request: HttpRequest, action: str) -> tuple[tuple[str, str], ...]:
    """Return the hidden fields of the form: the action, and the keys of the selected rows."""
    chosen = [(helpers.ACTION_CHECKBOX_NAME, key) for key in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)]
    return (*chosen, ("action", action), ("select_across", request.POST.get("select_across", "0")))


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the request confirms the action: the button of the page was pressed."""
    return request.method == "POST" and bool(request.POST.get(CONFIRMED_FIELD))


def confirm(
    request: HttpRequest,
    requested: Confirmation,
    template: str = CONFIRMATION_TEMPLATE,
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Return the confirmation page; `context` is for a `template` that extends the default one."""
    request.current_app = site.name
    hidden = (*requested.hidden, (CONFIRMED_FIELD, "yes"))
    whole = (
        site.each_context(request)
        | {"title": requested.title, "asked": requested, "hidden": hidden}
        | dict(context or {})
    )
    return TemplateResponse(request, template, whole)
