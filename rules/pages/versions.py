"""The versions of a rule: who changed what, and when."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rules.models import AutomationRule
from rules.pages.rule import find_rule
from rules.words import number
from smartagent.durations import format_duration

SHOWN = 200
KINDS = {"+": "made", "~": "changed", "-": "deleted"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a rule that differs from the version before."""

    name: str
    old: str
    new: str


def versions_page(request: HttpRequest, model_admin: Any, rule_id: str) -> HttpResponse:
    """Show the versions, the newest first."""
    rule = find_rule(model_admin, request, rule_id)
    records = list(rule.history.select_related("history_user").order_by("-history_id")[: SHOWN + 1])
    versions = [
        {"record": record, "kind": KINDS[record.history_type], "changes": changes(record, before)}
        for record, before in zip(records, [*records[1:], None], strict=True)
    ]
    context = model_admin.admin_site.each_context(request) | {
        "title": f"Versions of {rule}", "opts": model_admin.opts, "rule": rule, "versions": versions[:SHOWN],
    }  # fmt: skip
    request.current_app = model_admin.admin_site.name
    return render(request, "rules/versions.html", context)


def changes(record: Any, before: Any) -> list[Change]:
    """What differs between two versions that follow each other."""
    if before is None:
        return []
    found = []
    for change in record.diff_against(before).changes:
        field = AutomationRule._meta.get_field(change.field)
        name = str(getattr(field, "verbose_name", change.field))
        found.append(Change(name, _shown(field, change.old), _shown(field, change.new)))
    return found


def _shown(field: Any, value: Any) -> str:
    if value in (None, "", {}):
        return "nothing"
    if field.name == "threshold_value":
        return number(value)
    if hasattr(value, "total_seconds"):
        return format_duration(value)
    return str(dict(field.flatchoices).get(value, value))
