"""The page of preferences: channels, quiet hours, muted rules, and a trial of what would happen to a message now.

With permission to change everyone's objects, ?person= opens the preferences of another person.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from notifications.models import Channel
from notifications.pages.forms.preferences import MatrixForm, QuietFormSet
from notifications.routing.mutes import MUTE_DURATIONS, NoSuchRule, choices, mute, muted_by, unmute
from notifications.routing.preferences import addressee_of, forecast, keep, preference_of, quiet_in_words, wishes
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.limits import too_many
from smartagent.kernel.scope import has_everyone, visible_keys
from smartagent.models import User
from smartagent.rest.fields import visible_person


@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show the preferences; on POST save them, or mute or unmute a rule."""
    if not request.user.has_perm("notifications.view_preference"):
        raise PermissionDenied
    person, now = _person(request), timezone.now()
    if request.method == "POST" and "_preview" not in request.POST:
        _may_change(request)
        if "mute" in request.POST:
            return _mute(request, person, now)
        if "unmute" in request.POST:
            return _unmute(request, person)
    return _matrix(request, person, now)


def _matrix(request: HttpRequest, person: User, now: datetime) -> HttpResponse:
    preference, who = preference_of(person), addressee_of(person)
    channels = list(Channel.objects.filter(user=person))
    data = request.POST or None
    if data and "_preview" in data and (refused := too_many(request, "previews")):
        return refused
    form = MatrixForm(data, preference=preference, channels=channels, who=who)
    rows = QuietFormSet(data, preference=preference, who=who, now=now)
    if data:
        right = all([form.is_valid(), rows.is_valid()])
        chosen = {"matrix": form.matrix, "quiet": rows.periods, "digest_at": form.cleaned_data.get("digest_at")}
        if right and "_preview" not in data:
            keep(person, chosen)
            messages.success(request, "Preferences saved.")
            return HttpResponseRedirect(request.get_full_path())
        who = addressee_of(person, **wishes(**chosen | {"digest_at": chosen["digest_at"] or preference.digest_at}))
    context = {
        "title": "Notification preferences" if person == request.user else f"Notification preferences of {person}",
        "person": person, "own": person == request.user, "form": form, "rows": rows,
        "forecast": forecast(who, now), "ways": who.ways, "quiet_words": quiet_in_words(who, now), "zone": who.zone,
        "broken": {channel.pk for channel in channels if channel.is_open}, "may_change": _may(request),
    }  # fmt: skip
    if data and "HX-Request" in request.headers:
        return render(request, "notifications/_forecast.html", context)
    picked = as_uuid(request.GET.get("rule", ""))
    mutes = list(muted_by(person, now))
    muting = {
        "mutes": mutes, "seen": visible_keys(request.user, *(each.rule for each in mutes)),
        "rules": choices(person, picked), "lengths": MUTE_DURATIONS, "picked": picked,
    }  # fmt: skip
    return TemplateResponse(request, "notifications/preferences.html", site.each_context(request) | context | muting)


def _mute(request: HttpRequest, person: User, now: datetime) -> HttpResponse:
    rule, length = as_uuid(request.POST.get("rule", "")), request.POST.get("length", "")
    if rule is None:
        messages.error(request, "Choose a rule.")
    elif length not in MUTE_DURATIONS:
        messages.error(request, "Choose a duration.")
    else:
        _try_to_mute(request, person, rule, now, length)
    return _to_mutes(request)


def _try_to_mute(request: HttpRequest, person: User, rule: UUID, now: datetime, length: str) -> None:
    words, span = MUTE_DURATIONS[length]
    try:
        made = mute(person, rule, now + span if span else None)
    except NoSuchRule as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{made.rule.rule_name}” is muted {words}.")


def _unmute(request: HttpRequest, person: User) -> HttpResponse:
    key = as_uuid(request.POST.get("unmute", ""))
    if key and unmute(person.mutes.filter(pk=key)):
        messages.success(request, "Sent again.")
    else:
        messages.info(request, "The rule was not muted.")
    return _to_mutes(request)


def _to_mutes(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{request.get_full_path()}#mutes")


def _person(request: HttpRequest) -> User:
    me: Any = request.user
    requested = request.GET.get("person", "").strip()
    if not requested:
        return User.objects.get(pk=me.pk)
    found = visible_person(requested, me, everyone=has_everyone(me, "change"))
    if found is None or not found.is_active:
        raise Http404("Person not found, or you may not view this person.")
    return found


def _may(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("notifications.change_preference"))


def _may_change(request: HttpRequest) -> None:
    if not _may(request):
        raise PermissionDenied
