"""The banner that says on every page what the database lacks, until it is repaired."""

import re
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from smartagent.doctor.permissions import may_look
from smartagent.kernel.schema_drift import in_words, known
from smartagent.postgres import hidden_rows

register = template.Library()
HIDDEN_ROWS = "Smart Agent cannot read its rows in the database, so rules are not evaluated. Administrators: run `manage.py doctor`."  # noqa: E501
COMMAND = re.compile(r"`([^`]+)`")


@register.filter
def with_commands(words: str) -> SafeString:
    """Words with what is to be typed, which stands between backticks, as such."""
    return mark_safe(COMMAND.sub(r'<code class="sa-code">\1</code>', escape(words)))  # noqa: S308 escaped just before


@register.inclusion_tag("smartagent/missing_banner.html", takes_context=True)
def missing_banner(context: dict[str, Any]) -> dict[str, Any]:
    """For those who look after the installation; that rows are hidden, for everybody."""
    request = context.get("request")
    if request is None or not hasattr(request, "user") or _says_it_itself(request):
        return {"words": ""}
    if blind := hidden_rows.known():
        return {
            "words": hidden_rows.in_words(blind) if may_look(request) else HIDDEN_ROWS,
            "may_look": may_look(request),
        }
    if not may_look(request):
        return {"words": ""}
    missing = known()
    return {"words": in_words(missing) if missing else "", "may_look": True}


def _says_it_itself(request: Any) -> bool:
    match = request.resolver_match
    return match is not None and match.view_name in ("admin:schema", "admin:schema_repair")
