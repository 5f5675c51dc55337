"""Names of people as links to their pages, for whoever may open these."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from smartagent.kernel.scope import has_everyone


def person_link(who: Any) -> SafeString:
    """The name of a person, with a link to their page."""
    return format_html('<a href="{}" class="sa-link">{}</a>', reverse("admin:person", args=[who.pk]), who)


def shown_person(viewer: Any, who: Any) -> SafeString | str:
    """The name of `who`, a link where `viewer` may open their page; empty for nobody."""
    if who is None:
        return ""
    return person_link(who) if may_open(viewer, who) else str(who)


def may_open(viewer: Any, who: Any) -> bool:
    """Whether `viewer` may open the page of the person `who`: as `people_visible_to`, without a query."""
    return who.pk == viewer.pk or has_everyone(viewer, "view") or bool(viewer.has_perm("smartagent.view_user"))
