"""Doing one thing to one alert in one step, from any page."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from rules.instances.quick_actions import QUICK_VERBS, changeable, done
from rules.models import RuleState
from rules.pages.links import page_of_instance
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.shell.return_address import return_address


@require_POST
def handle_quickly(request: HttpRequest, model_admin: OwnedAdmin, state_id: UUID, verb: str) -> HttpResponse:
    """Do `verb` to one alert, show a message, and go back to where the person was; 404 where they may not see it, 403
    where they may not change it."""
    if verb not in QUICK_VERBS:
        raise Http404("Unknown action.")
    state: RuleState = model_admin.find(request, state_id)
    found = changeable(request.user, [state.pk])
    if not found:
        raise PermissionDenied
    count, words = done(verb, RuleState.objects.filter(pk__in=found), request.user)
    messages.add_message(request, messages.SUCCESS if count else messages.WARNING, words)
    return HttpResponseRedirect(return_address(request, page_of_instance(state.pk)))
