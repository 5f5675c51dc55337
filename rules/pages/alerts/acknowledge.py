"""Acknowledging all alerts of a rule at once, or those about one person, from any page."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from rules.instances.handling import acknowledge
from rules.models import RuleState
from rules.pages.alerts.bulk_handling import say_done
from smartagent.kernel.coerce import as_uuid
from smartagent.shell.return_address import return_address


@require_POST
def acknowledge_rule(request: HttpRequest, model_admin: Any, rule_id: UUID) -> HttpResponse:
    """Acknowledge the rule's firing instances for a day, show a message, and go back; 403 where the person may not
    change it. Where `person` is posted, only those about that person."""
    if not model_admin.has_handle_permission(request):
        raise PermissionDenied
    firing = RuleState.objects.firing().changeable_by(request.user).filter(rule=rule_id)
    if "person" in request.POST:
        firing = firing.filter(user=as_uuid(request.POST["person"]))
    states = RuleState.objects.filter(pk__in=list(firing.filter(handling="open").values_list("pk", flat=True)))
    say_done(request, "Acknowledged", acknowledge(states, request.user, timezone.now()), states)
    return HttpResponseRedirect(return_address(request))
