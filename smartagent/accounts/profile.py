"""One's own name and time zone."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from smartagent.accounts.account_changes import account_facts, log_changed
from smartagent.models import User
from smartagent.shell.second_save import SecondSaveMixin
from smartagent.shell.time_zone_field import TimeZoneField

OWN_FIELDS = frozenset({"full_name", "time_zone"})


class ProfileForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    time_zone = TimeZoneField()

    class Meta:
        model = User
        fields = ("full_name", "time_zone")
        widgets = {"full_name": UnfoldAdminTextInputWidget(attrs={"autocomplete": "name"})}


def profile(request: HttpRequest) -> HttpResponse:
    """Show and save one's own profile."""
    me: Any = request.user.pk
    person = User.objects.get(pk=me)  # not the one on the request: a refused form would change that
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        before = account_facts(User.objects.get(pk=me))
        form.save()
        log_changed(before, person, person, timezone.now())
        messages.success(request, "Profile saved.")
        return HttpResponseRedirect(reverse("admin:profile"))
    roles = ", ".join(sorted(group.name for group in person.groups.all()))
    context = {**site.each_context(request), "title": "Your profile", "form": form, "roles": roles}
    return TemplateResponse(request, "accounts/profile.html", context)
