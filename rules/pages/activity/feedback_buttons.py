"""The feedback buttons of a firing: they submit the form around them; with htmx only the buttons are replaced."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from smartagent.shell.return_address import return_address

NOTED = {"useful": "Marked as useful.", "noise": "Marked as noise.", "withdraw": "Feedback cleared."}


@dataclass(frozen=True, slots=True)
class Button:
    """A feedback button; a pressed one clears the feedback."""

    name: str
    icon: str
    title: str
    pressed: bool
    address: str


def buttons(place: str, key: Any, about: str, useful: bool | None) -> SafeString:
    """The buttons for the record `key` about `about`; `place` is the name of the address that takes the judgement."""
    kinds = [("useful", "thumb_up", "Useful", useful is True), ("noise", "thumb_down", "Noise", useful is False)]
    shown = [
        Button(name, icon, title, pressed, reverse(place, args=[key, "withdraw" if pressed else name]))
        for name, icon, title, pressed in kinds
    ]
    return render_to_string("rules/health/_feedback.html", {"buttons": shown, "about": about, "key": key})


def answer(request: HttpRequest, verb: str, fragment: SafeString, fallback: str) -> HttpResponse:
    """The changed buttons for htmx; else a message, where one came from."""
    if request.headers.get("hx-request"):
        return HttpResponse(fragment)
    messages.success(request, NOTED[verb])
    return HttpResponseRedirect(return_address(request, fallback))
