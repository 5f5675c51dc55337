"""The page that rotates a token, and shows the new one once."""

from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from smartagent.accounts.token_lifecycle import DEFAULT_GRACE, CannotRotate, may_hold, rotate_token
from smartagent.kernel.durations import format_duration, parse_duration
from smartagent.shell.confirmation import Confirmation, confirm
from smartagent.templatetags.shown import when

GRACES = {"0": "not at all", "1h": "1 hour", "1d": "24 hours", "7d": "7 days", "30d": "30 days"}
ROTATED = "Copy the new token “{name}” now. It is not shown again. The previous one works {until}."


class RotationForm(forms.Form):
    """How long the previous token works on."""

    grace = forms.ChoiceField(
        label="The previous token works for",
        choices=list(GRACES.items()),
        initial=format_duration(DEFAULT_GRACE),
        widget=UnfoldAdminSelectWidget(),
        help_text="Time to give the program the new one.",
    )

    def length(self) -> timedelta:
        return parse_duration(self.cleaned_data["grace"])


def rotate_page(request: HttpRequest, model_admin: Any, key: Any) -> HttpResponse:
    """Ask how long the previous token works on; then rotate, and show the new token."""
    row = model_admin.find(request, key, "user")
    if not may_hold(request.user, row) or not model_admin.has_add_permission(request):
        raise Http404("There is no such token of yours.")
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            new, token = rotate_token(row, by=request.user, now=timezone.now(), grace=form.length())
        except CannotRotate as refusal:
            return _question(request, model_admin, row, form, str(refusal))
        row.refresh_from_db()
        until = "no longer" if form.length() == timedelta(0) else f"until {when(row.expires_at)}"
        shown: HttpResponse = model_admin.show_token(request, new, token, ROTATED.format(name=new.name, until=until))
        return shown
    return _question(request, model_admin, row, form)


def _question(request: HttpRequest, model_admin: Any, row: Any, form: RotationForm, refusal: str = "") -> HttpResponse:
    question = Confirmation(
        title=f"Rotate “{row.name}”", verb="" if refusal else "Rotate", cancel=model_admin.list_address(),
        warning=refusal or f"The token {row.prefix}… gets a successor with the same scopes.", focus=False,
    )  # fmt: skip
    context = {"opts": model_admin.opts, "list_title": model_admin.title, "form": None if refusal else form}
    return confirm(request, question, "smartagent/rotate_token.html", context)
