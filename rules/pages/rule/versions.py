"""The versions of a rule: who changed what and when; comparison and restore."""

from itertools import zip_longest

from django.http import HttpRequest, HttpResponse

from rules.lifecycle.versions import HISTORY_TYPE_NAMES, MAX_VERSIONS, differences, numbered, version_of
from rules.pages.rule.page import find_rule
from smartagent.shell.owned_admin import OwnedAdmin


def versions_page(request: HttpRequest, model_admin: OwnedAdmin, rule_id: str) -> HttpResponse:
    """Show the versions, newest first; with `old` and `new`, a comparison."""
    rule = find_rule(model_admin, request, rule_id)
    records = numbered(rule, MAX_VERSIONS + 1)
    versions = [
        {
            "number": number, "record": record, "kind": HISTORY_TYPE_NAMES[record.history_type],
            "changes": differences(before[1], record) if before else [],
        }
        for (number, record), before in zip_longest(records, records[1:])
    ]  # fmt: skip
    old, new = (_requested(request, name) for name in ("old", "new"))
    pair = [version_of(rule, number) for number in (old, new)] if old and new else []
    compared = bool(pair) and all(pair)
    context = {
        "title": f"Versions of {rule}", "rule": rule, "versions": versions[:MAX_VERSIONS],
        "may_change": model_admin.has_change_permission(request, rule), "old": old, "new": new,
        "compared": compared, "differences": differences(*pair) if compared else [],
        "unknown": bool(old or new) and not compared,
        "newest": records[0][0] if records else 0,
    }  # fmt: skip
    return model_admin.show(request, "rules/versions.html", context)


def _requested(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
