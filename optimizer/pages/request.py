"""Propose now: a person asks for an optimization without waiting for a rule to fire."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from optimizer.pages.forms.request import AskingForm
from optimizer.pages.links import page_of
from optimizer.permissions import DECIDE
from optimizer.proposals.requests import NoLimit, ask
from rules.metrics.catalogue import catalogue
from rules.models import Integration
from smartagent.kernel.scope import has_everyone
from smartagent.models import User
from smartagent.shell.owned_admin import OwnedAdmin

MAX_PEOPLE = 200
GIVEN = ("metric", "person", "target", "operator", "threshold")


@require_http_methods(["GET", "POST"])
def new_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Ask what is to become better, and propose something for it."""
    if not request.user.has_perm(DECIDE):
        raise PermissionDenied
    me: Any = request.user
    given = {name: request.GET[name] for name in GIVEN if name in request.GET}
    form = AskingForm(request.POST or None, asker=me, initial=given)
    if request.method == "POST" and form.is_valid() and (way_on := _ask(request, form)):
        return HttpResponseRedirect(way_on)
    everyone = has_everyone(me, "change")
    people = User.objects.filter(is_active=True).order_by("full_name", "email")[:MAX_PEOPLE] if everyone else []
    types = Integration.objects.visible_to(me).order_by("integration_type").values_list("integration_type", flat=True)
    context = {
        "title": "Propose now", "form": form, "metrics": catalogue(me), "people": people,
        "integrations": types.distinct()[:MAX_PEOPLE],
    }  # fmt: skip
    return model_admin.show(request, "optimizer/new.html", context)


def _ask(request: HttpRequest, form: AskingForm) -> str:
    """Propose, say so, and return where to go; nothing where the form has to be looked at again."""
    me: Any = request.user
    try:
        made = ask(form.wanted, me, timezone.now())
    except NoLimit as error:
        form.add_error("threshold", str(error))
        return ""
    if made.is_new:
        messages.success(request, "Optimization proposed. Another person must approve it.")
    else:
        messages.warning(request, f"Nothing was proposed: {made.obstacle}")
    return page_of(made.event.pk)
