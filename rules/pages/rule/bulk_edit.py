"""Bulk edit of rules: form, preview of the changes, confirmation."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rules.lifecycle.bulk_edit import Edited, edit_together, edited
from rules.models.querysets import RuleQuerySet
from rules.pages.forms.bulk_edit import BulkEditForm
from smartagent.kernel.formats import counted
from smartagent.kernel.times import read_time
from smartagent.shell.owned_admin import OwnedAdmin

MAX_CHANGES = 50


def bulk_edit_page(model_admin: OwnedAdmin, request: HttpRequest, rules: RuleQuerySet) -> HttpResponse | None:
    """Show the form; then a preview for `rules`; then, when it is confirmed, apply the edit."""
    rules, now = rules.changeable_by(request.user), timezone.now()
    step = request.POST.get("step", "")
    form = BulkEditForm(request.POST if step else None)
    if not step or not form.is_valid():
        return _page(model_admin, request, rules, form, {})
    if step == "apply":
        return _apply(model_admin, request, rules, form, now)
    some = list(edited(rules.order_by("rule_name", "id"), form.edit))
    return _page(model_admin, request, rules, form, _sorted(some) | {"seen": now.isoformat()})


def _apply(
    model_admin: OwnedAdmin, request: HttpRequest, rules: RuleQuerySet, form: BulkEditForm, now: datetime
) -> HttpResponse | None:
    some = edit_together(rules, form.edit, request.user, now, seen=_seen(request))
    found = _sorted(some)
    count = found["changing"]
    if count:
        messages.success(request, f"{count:,} {'rule' if count == 1 else 'rules'} updated, each as a new version.")
    if not found["refused"]:
        if not count:
            messages.info(request, "No changes: all selected rules already have these values.")
        return None
    return _page(model_admin, request, rules, form, found | {"done": True})


def _seen(request: HttpRequest) -> datetime:
    """The time of the preview; the earliest time where it is missing or invalid."""
    try:
        return read_time(request.POST.get("seen", ""))
    except ValueError:
        return datetime.min.replace(tzinfo=timezone.get_default_timezone())


def _sorted(some: list[Edited]) -> dict[str, Any]:
    changing = [one for one in some if one.changes and not one.refused]
    refused = [one for one in some if one.refused]
    return {
        "changing": len(changing), "changes": changing[:MAX_CHANGES], "others": max(0, len(changing) - MAX_CHANGES),
        "refused": len(refused), "refusals": [(one.before, _reasons(one)) for one in refused[:MAX_CHANGES]],
        "more_refused": max(0, len(refused) - MAX_CHANGES), "same": len(some) - len(changing) - len(refused),
        "previewed": True,
    }  # fmt: skip


def _reasons(one: Edited) -> str:
    return " ".join(message for messages in one.refused.values() for message in messages)


def _page(
    model_admin: OwnedAdmin, request: HttpRequest, rules: RuleQuerySet, form: BulkEditForm, found: dict[str, Any]
) -> HttpResponse:
    count = rules.order_by().count()
    context = {
        "title": f"Bulk edit: {counted(count, 'rule')}", "form": form,
        "count": count, "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"), "checkbox": helpers.ACTION_CHECKBOX_NAME,
    } | found  # fmt: skip
    return model_admin.show(request, "rules/bulk_edit.html", context)
