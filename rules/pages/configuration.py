"""The pages of configuration changes: all of them, one compared, and its undo."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from rules.configuration.listing import OPERATIONS, changes_of, kind_of, names_of, sentence_of, visible_changes
from rules.configuration.undo import preview, undo
from rules.configuration.undo_plan import CannotUndo, MayNotUndo
from rules.filters.configuration import ConfigurationFilter
from rules.models import ActivityEntry

CHANGES_PER_PAGE = 50
LIST = "admin:configuration_changes"


@require_safe
def changes_page(request: HttpRequest) -> HttpResponse:
    """Show the changes that the person may see, newest first."""
    _require_access(request)
    filters = ConfigurationFilter(request.GET, queryset=visible_changes(request.user), request=request)
    found = filters.qs if filters.is_valid() else visible_changes(request.user).none()
    page = Paginator(found, CHANGES_PER_PAGE).get_page(request.GET.get("p"))
    for field in filters.form.fields.values():
        field.widget.attrs["class"] = "sa-input"
    kept = request.GET.copy()
    kept.pop("p", None)
    context = site.each_context(request) | {
        "title": "Configuration changes", "page": page, "rows": _rows(list(page), request.user),
        "filters": filters.form, "is_filtered": any(kept.values()), "kept": kept.urlencode(),
    }  # fmt: skip
    return render(request, "rules/configuration/changes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change_page(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Compare the values of one change; on POST undo it."""
    _require_access(request)
    entry = visible_changes(request.user).filter(pk=key).first()
    if entry is None:
        raise Http404
    if request.method == "POST":
        try:
            note = undo(entry, request.user, timezone.now())
        except MayNotUndo as reason:
            raise PermissionDenied(str(reason)) from None
        except CannotUndo as reason:
            messages.error(request, str(reason))
            return HttpResponseRedirect(reverse("admin:configuration_change", args=[key]))
        messages.success(request, f"Change undone. {note}".strip())
        return HttpResponseRedirect(reverse(LIST))
    [row], (obstacle, note) = _rows([entry], request.user), preview(entry, request.user)
    context = site.each_context(request) | {
        "title": "Configuration change", "row": row, "obstacle": obstacle, "note": note,
        "others": f"?object={row['object']}" if row["object"] else "",
    }  # fmt: skip
    return render(request, "rules/configuration/change.html", context)


def _rows(entries: list[ActivityEntry], viewer: Any) -> list[dict[str, Any]]:
    names = names_of(entries, viewer)
    return [_row(entry, names) for entry in entries]


def _row(entry: ActivityEntry, names: dict[str, str]) -> dict[str, Any]:
    facts = entry.context if isinstance(entry.context, dict) else {}
    operation, reason = OPERATIONS.get(entry.event_type, ""), facts.get("reason", "")
    return {
        "entry": entry, "kind": kind_of(entry), "name": facts.get("name", ""), "object": facts.get("object", ""),
        "by": facts.get("by_name", "A file or command"), "changes": changes_of(entry, names),
        "sentence": sentence_of(entry),
        "operation": operation, "reason": reason if reason != operation else "",
        "address": reverse("admin:configuration_change", args=[entry.pk]),
    }  # fmt: skip


def _require_access(request: HttpRequest) -> None:
    if not request.user.has_perm("rules.view_activityentry"):
        raise PermissionDenied
