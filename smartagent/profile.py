"""One's own name and time zone."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from smartagent.models import User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("full_name", "time_zone")
        widgets = {"full_name": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]
        self.fields["time_zone"] = forms.ChoiceField(
            choices=zones, widget=UnfoldAdminSelect2Widget(), help_text=self.fields["time_zone"].help_text
        )


def profile(request: HttpRequest) -> HttpResponse:
    """Show and save one's own profile."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return HttpResponseRedirect(reverse("admin:profile"))
    context = {**site.each_context(request), "title": "Your profile", "form": form}
    return TemplateResponse(request, "accounts/profile.html", context)
