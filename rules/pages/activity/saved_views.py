"""Saving, deleting and beginning with views of the activity list."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from rules.models.saved_view import MAX_QUERY, MAX_VIEW_NAME, SavedView

LEFT_OUT = ("p", "past", "entry", "e")  # of a view: which page of it one was on


class SavedViewForm(forms.Form):
    """What somebody says when they save a view."""

    name = forms.CharField(max_length=MAX_VIEW_NAME, error_messages={"required": "Enter a name for the view."})
    query = forms.CharField(max_length=MAX_QUERY, required=False)
    shared = forms.BooleanField(required=False)
    is_default = forms.BooleanField(required=False)

    def clean_query(self) -> str:
        """Only what filters and shapes the list."""
        query = QueryDict(self.cleaned_data["query"], mutable=True)
        for name in LEFT_OUT:
            query.pop(name, None)
        return query.urlencode()


@require_POST
def save_view(request: HttpRequest, model_admin: Any) -> HttpResponseRedirect:
    """Save the list as it is under a name; one of the same name is replaced."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, f"The view was not saved. {errors[0]}")
        return HttpResponseRedirect(address_of(request.POST.get("query", "")[:MAX_QUERY]))
    given: dict[str, Any] = form.cleaned_data
    owner: Any = request.user
    with transaction.atomic():
        if given["is_default"]:
            SavedView.objects.filter(user=owner, is_default=True).update(is_default=False)
        SavedView.objects.update_or_create(user=owner, name=given.pop("name"), defaults=given)
    messages.success(request, f"View “{form.data['name']}” saved.")
    return HttpResponseRedirect(address_of(given["query"]))


@require_POST
def delete_view(request: HttpRequest, model_admin: Any, view_id: UUID) -> HttpResponseRedirect:
    """Delete a view of one's own."""
    view = SavedView.objects.filter(pk=view_id, user=request.user.pk).first()
    if view is None or not model_admin.has_view_permission(request):
        raise Http404("There is no such view of yours.")
    view.delete()
    messages.success(request, f"View “{view}” deleted.")
    return HttpResponseRedirect(address_of(""))


def default_address(user: Any) -> str | None:
    """Where the list begins for `user`; None where they have no default."""
    view = SavedView.objects.filter(user=user, is_default=True).first()
    return address_of(view.query) if view and view.query else None


def address_of(query: str) -> str:
    """The address of the list with that query."""
    return f"{reverse('admin:rules_activityentry_changelist')}{'?' if query else ''}{query}"
