"""The backtest beside the form of a rule: a chart, and a sentence with the same content for screen readers."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST

from rules.backtesting.trial import BACKTEST_DAYS, Trial, as_json, try_out
from rules.models import AutomationRule
from rules.pages.rule.current_reading import reading_of
from rules.text.phrases import number
from rules.text.rule import rule_in_words
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.limits import limited

MAX_PERIODS_SHOWN = 20  # periods


@require_POST
@limited("previews", lambda words: HttpResponse(_html(None, [words])))
def form_trial(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """A fragment for the unsaved form: the backtest with the data of its chart."""
    if not (model_admin.has_add_permission(request) or model_admin.has_change_permission(request)):
        raise PermissionDenied
    form = model_admin.get_form(request)(request.POST)
    rule = form.condition()
    if rule is None:
        return HttpResponse(_html(None, form.condition_problems()))
    identify(rule, model_admin, request)
    everybody = request.POST.get("trial_scope") != "one"
    try:
        trial = _trial(request, rule, everybody=everybody)
    except ValueError as error:
        return HttpResponse(_html(None, [str(error)]))
    is_partial = rule.applies_to == AutomationRule.AppliesTo.EVERYONE and not everybody
    return HttpResponse(_html(trial, [], chart=as_json(trial), is_partial=is_partial))


def without_scripts(model_admin: Any, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
    """The backtest and the current reading for a page without JavaScript."""
    sent = request.POST.copy()
    del sent["_preview"]
    request.POST, requested = sent, request.POST  # type: ignore[assignment]
    form = model_admin.get_form(request)(sent)
    rule, problems = form.condition(), form.condition_problems()
    request.POST = requested
    trial = None
    if rule:
        identify(rule, model_admin, request, object_id)
        try:
            trial = _trial(request, rule, everybody=True)
        except ValueError as error:
            problems = [str(error)]
    return {
        "rule_words": rule_in_words(rule) if rule else "",
        "reading": reading_of(rule, timezone.now()) if rule else None,
        "problems": problems, "trial_html": _html(trial, problems), "asked": True, "in_editor": True,
    }  # fmt: skip


def identify(rule: AutomationRule, model_admin: Any, request: HttpRequest, key: str | None = None) -> None:
    """Give the unsaved rule its id, so that silences that name it apply."""
    known = as_uuid(key or request.POST.get("trial_rule", ""))
    if known and model_admin.get_queryset(request).filter(pk=known).exists():
        rule.pk = known


def _trial(request: HttpRequest, rule: AutomationRule, *, everybody: bool) -> Trial:
    given = request.POST.get("trial_days", "")
    days = int(given) if given in map(str, BACKTEST_DAYS) else 7
    person: UUID | None = as_uuid(request.POST.get("trial_person", ""))
    return try_out(rule, days, timezone.now(), person, everybody=everybody)


def _html(trial: Trial | None, problems: list[str], **context: Any) -> str:
    shown = _shown(trial) if trial else {}
    return render_to_string("rules/_trial.html", {"problems": problems} | shown | context)


def _shown(trial: Trial) -> dict[str, Any]:
    values = [value for _, value in trial.points if value is not None]
    return {
        "trial": trial, "periods": trial.periods[:MAX_PERIODS_SHOWN],
        "more": max(0, len(trial.periods) - MAX_PERIODS_SHOWN),
        "range": f"from {number(min(values))} to {number(max(values))}" if values else "",
        "last": number(values[-1]) if values else "",
    }  # fmt: skip
