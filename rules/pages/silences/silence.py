"""The page of one silence: coverage, windows, suppressed alerts, and its actions."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BooleanField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rules.models import ActivityEntry, Silence
from rules.pages.forms.silence import SILENCE_DURATIONS, SilenceForm
from rules.silences.coverage import Coverage, covered
from rules.silences.lifecycle import end, prolonged, revise
from rules.silences.matchers import covers_in_words
from rules.silences.phrases import SILENCE_STATE_LABELS, state_of, when_in_words, window_in_words, zone_of
from rules.silences.validation import silence_errors
from rules.silences.windows import upcoming
from rules.text.activity import named_entries
from smartagent.kernel.limits import limited
from smartagent.kernel.scope import has_everyone
from smartagent.shell.owned_admin import OwnedAdmin

SILENCE_TONES = {"active": "warning", "upcoming": "info", "ended": ""}
WINDOWS_SHOWN = 5
MAX_SILENCE_ENTRIES = 50


def page_of(silence: Silence) -> str:
    """The address of a silence."""
    return reverse("admin:rules_silence_page", args=[silence.pk])


@require_safe
def silence_page(request: HttpRequest, model_admin: OwnedAdmin, silence_id: uuid.UUID) -> HttpResponse:
    """Show the silence; 404 where the person may not see it."""
    silence, now = find_silence(model_admin, request, silence_id), timezone.now()
    state = state_of(silence, now)
    covers, when = covers_in_words(silence), when_in_words(silence)
    context = {
        "title": silence.comment, "silence": silence, "state": state,
        "state_label": SILENCE_STATE_LABELS[state], "tone": SILENCE_TONES[SILENCE_STATE_LABELS[state]],
        "covers": covers[0].upper() + covers[1:],
        "when": when[0].upper() + when[1:],
        "coverage": coverage_for(silence, request.user), "windows": shown_windows(silence),
        "entries": named_entries(suppressed_entries(silence, request.user)),
        "lengths": SILENCE_DURATIONS if not silence.recurrence else {},
        "may_change": state != "over" and model_admin.has_change_permission(request, silence),
        "may_add": model_admin.has_add_permission(request),
    }  # fmt: skip
    return model_admin.show(request, "rules/silence_page.html", context)


@require_POST
def end_silence(request: HttpRequest, model_admin: OwnedAdmin, silence_id: uuid.UUID) -> HttpResponse:
    """End the silence now, and go back to it."""
    silence = _changeable(model_admin, request, silence_id)
    if end(Silence.objects.filter(pk=silence.pk), request.user, timezone.now()):
        messages.success(request, "Silence ended. Alerts that still fire are notified at the next evaluation.")
    else:
        messages.info(request, "The silence had already ended.")
    return HttpResponseRedirect(page_of(silence))


@require_POST
def extend_silence(request: HttpRequest, model_admin: OwnedAdmin, silence_id: uuid.UUID) -> HttpResponse:
    """Extend the silence by one of the presets, and go back to it."""
    silence, now = _changeable(model_admin, request, silence_id), timezone.now()
    by = SILENCE_DURATIONS.get(request.POST.get("by", ""))
    if by is None or silence.recurrence:
        messages.error(
            request, f"Extend a silence by {', '.join(SILENCE_DURATIONS)}. Edit a recurring silence in its form."
        )
        return HttpResponseRedirect(page_of(silence))
    prolonged(silence, by)
    everything = not (silence.rule_id or silence.metric or silence.person_id or silence.labels)
    errors = silence_errors(silence, request.user, now, everything=everything)
    if errors:
        messages.error(request, " ".join(message for texts in errors.values() for message in texts))
    elif revise(silence, now):
        until = timezone.localtime(silence.ends_at)
        messages.success(request, f"Silence extended until {until.day} {until:%b, %H:%M}.")
    else:
        messages.info(request, "The silence has already ended. Copy it to create a new one.")
    return HttpResponseRedirect(page_of(silence))


@require_POST
@limited("previews")
def form_preview(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """A fragment for the unsaved form: coverage and windows."""
    if not (model_admin.has_add_permission(request) or model_admin.has_change_permission(request)):
        raise PermissionDenied
    form = model_admin.get_form(request)(request.POST)
    return render(request, "rules/_silence_preview.html", _preview(form))


def preview_of(form_class: type[SilenceForm], silence: Silence | None) -> dict[str, Any]:
    """The preview for a form that is just opened."""
    blank = form_class(instance=silence) if silence else form_class()
    data: dict[str, Any] = {}
    for name, field in blank.fields.items():
        value = field.prepare_value(blank.get_initial_for_field(field, name))
        if value not in (None, "", False):
            data[name] = "on" if isinstance(field, BooleanField) else value
    return _preview(form_class(data, instance=silence) if silence else form_class(data))


def _preview(form: SilenceForm) -> dict[str, Any]:
    form.is_valid()
    silence, problems = form.would_be, form.matcher_problems() if form.names_something() else []
    covers = form.names_something() and not problems
    timed = not form.time_problems() and silence.starts_at and silence.ends_at
    return {
        "coverage": coverage_for(silence, form.maker) if covers else None,
        "windows": shown_windows(silence) if timed else [],
        "zone": silence.time_zone,
        "problems": [*problems, *form.time_problems()],
    }


def coverage_for(silence: Silence, user: Any) -> Coverage:
    """The part of its coverage that the person may see."""
    return covered(silence, owner=None if has_everyone(user, "view") else user.pk)


def shown_windows(silence: Silence) -> list[dict[str, Any]]:
    """The next windows, in the silence's time zone, with their real length."""
    now, zone = timezone.now(), zone_of(silence)
    try:
        found = upcoming(silence, now, WINDOWS_SHOWN)
    except (ValueError, OverflowError):
        return []
    with timezone.override(zone):
        return [{"words": window_in_words(window), "length": window.end - window.start, "on": window.holds(now)}
                for window in found]  # fmt: skip


def suppressed_entries(silence: Silence, user: Any) -> list[ActivityEntry]:
    """The entries that the silence suppressed, newest first."""
    entries = ActivityEntry.objects.visible_to(user).since(silence.starts_at).filter(context__silence=str(silence.pk))
    return list(entries.select_related("rule").order_by("-created_at", "-id")[:MAX_SILENCE_ENTRIES])


def find_silence(model_admin: OwnedAdmin, request: HttpRequest, silence_id: uuid.UUID) -> Silence:
    """The silence, or 404 where there is none that the person may see."""
    found: Silence = model_admin.find(request, silence_id, "rule", "person", "user", "created_by", "cancelled_by")
    return found


def _changeable(model_admin: OwnedAdmin, request: HttpRequest, silence_id: uuid.UUID) -> Silence:
    silence = find_silence(model_admin, request, silence_id)
    if not model_admin.has_change_permission(request, silence):
        raise PermissionDenied
    return silence
