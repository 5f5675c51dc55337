"""Somebody else saved the rule while its form was open: the page that shows both versions and asks.

The form carries the version that it showed and its values (`_version`, `_base`), so that what only one of the two has
changed is known. The caller holds the lock of the row, and saves in the same transaction.
"""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict

from rules.lifecycle.content_version import content_version
from rules.lifecycle.three_way import ThreeWay, three_way
from rules.lifecycle.versions import differences
from rules.models import AutomationRule
from rules.pages.forms.shown_data import in_words, is_of, omitted_from, shown_data, values_of
from rules.pages.links import page_of
from rules.pages.rule.form_buttons import EDIT

VERSION, BASE, RESOLVE, CHOICE = "_version", "_base", "_resolve", "_choose-"
MINE, THEIRS = "mine", "theirs"
ANOTHER_PROGRAM = "another application"
NOT_CARRIED = {"csrfmiddlewaretoken", VERSION, RESOLVE, EDIT}


def seen_fields(form: Any, request: HttpRequest, rule: AutomationRule) -> dict[str, str]:
    """The hidden fields of the `form` that shows `rule`; those that were sent where it is shown again."""
    if request.method == "POST":  # `rule` has what was sent by now
        return {name: request.POST[name] for name in (VERSION, BASE) if name in request.POST}
    return {VERSION: content_version(rule), BASE: json.dumps(shown_data(_unsuggested(form, rule)))}


def conflict_page(model_admin: Any, request: HttpRequest, rule: AutomationRule) -> HttpResponse | None:
    """The page that asks; None where the save goes on, with what was chosen on this page before."""
    sent = request.POST
    if VERSION not in sent:
        return None
    form = _stored_form(model_admin, request, rule)
    theirs, current = shown_data(form), content_version(rule)
    base, there = _base_of(sent), values_of(form, theirs)
    here = values_of(form, sent) | {name: there[name] for name in omitted_from(form, sent)}
    compared = three_way(None if base is None else values_of(form, base), there, here)
    if sent[VERSION] != current and (compared.conflicts or compared.only_theirs):
        return _page(model_admin, request, rule, compared, _rows(request, form, there, here))
    if {RESOLVE, EDIT} & sent.keys():
        request.POST = _resolved(sent, theirs, compared, current)  # type: ignore[assignment]
    return None


def _stored_form(model_admin: Any, request: HttpRequest, rule: AutomationRule) -> forms.BaseForm:
    form: forms.BaseForm = _unsuggested(model_admin.get_form(request, rule, change=True)(instance=rule), rule)
    return form


def _unsuggested(form: Any, rule: AutomationRule) -> Any:
    """The form as it shows the stored rule, without what the address suggests."""
    return type("StoredForm", (type(form),), {"suggested": ""})(instance=rule) if form.suggested else form


def _base_of(sent: QueryDict) -> dict[str, str] | None:
    try:
        base = json.loads(sent.get(BASE) or "null")
    except ValueError:
        return None
    return {str(name): str(value) for name, value in base.items()} if isinstance(base, dict) else None


def _rows(
    request: HttpRequest, form: forms.BaseForm, there: Mapping[str, Any], here: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Both values of each field in words, and which of them was chosen before."""
    return {
        name: {
            "name": name, "label": field.label, "choice": f"{CHOICE}{name}",
            "theirs": in_words(field, there[name]), "mine": in_words(field, here[name]),
            "is_theirs": request.POST.get(f"{CHOICE}{name}") == THEIRS,
        }
        for name, field in form.fields.items() if there[name] != here[name]
    }  # fmt: skip


def _page(
    model_admin: Any, request: HttpRequest, rule: AutomationRule, compared: ThreeWay, rows: Mapping[str, Any]
) -> HttpResponse:
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in NOT_CARRIED and not name.startswith(CHOICE)
    ]
    who, at = _saved_by(rule)
    context = {
        "title": f"“{rule}” was changed meanwhile", "rule": rule, "page": page_of(rule), "who": who, "at": at,
        "conflicts": [rows[name] for name in compared.conflicts],
        "taken": [rows[name] for name in compared.only_theirs],
        "hidden": [*carried, (VERSION, content_version(rule))], "address": request.get_full_path(),
    }  # fmt: skip
    response: HttpResponse = model_admin.show(request, "rules/edit_conflict.html", context)
    return response


def _saved_by(rule: AutomationRule) -> tuple[str, Any]:
    """Who wrote the rule as it is now, and when; an application that keeps no history has no name."""
    newest = rule.history.select_related("history_user").order_by("-history_id").first()
    if newest is None or differences(newest, rule):
        return ANOTHER_PROGRAM, rule.updated_at
    return str(newest.history_user or ANOTHER_PROGRAM), newest.history_date


def _resolved(sent: QueryDict, theirs: Mapping[str, str], compared: ThreeWay, current: str) -> QueryDict:
    """What was sent, with their values where only they changed a field or where theirs was chosen."""
    data = sent.copy()
    chosen = [name for name in compared.conflicts if sent.get(f"{CHOICE}{name}") == THEIRS]
    for name in [*compared.only_theirs, *(chosen if sent.get(RESOLVE) != MINE else [])]:
        for key in [key for key in data if is_of(key, name)]:
            del data[key]
        data.update({key: value for key, value in theirs.items() if is_of(key, name)})
    data[VERSION], data[BASE] = current, json.dumps(theirs)
    return data
