"""The gallery of rule templates."""

from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from rules.authoring.templates import RULE_TEMPLATES, search
from rules.text.rule import rule_in_words
from smartagent.shell.owned_admin import OwnedAdmin


@require_safe
def templates_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Show the templates by group; with `q` those that match."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    words = request.GET.get("q", "").strip()[:100]
    found: list[dict[str, Any]] = [
        {"template": each, "in_words": rule_in_words(each.rule(request.user))} for each in search(words)
    ]
    groups = [(group, list(members)) for group, members in groupby(found, key=lambda each: each["template"].group)]
    context = {
        "title": "Create from template", "groups": groups, "words": words,
        "count": len(found), "total": len(RULE_TEMPLATES),
    }  # fmt: skip
    return model_admin.show(request, "rules/templates.html", context)
