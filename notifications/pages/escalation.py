"""Escalation policies: list, form, and page with the escalations in progress."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from unfold.decorators import display

from notifications.escalations.counts import standing_of
from notifications.escalations.steps import read, steps_in_words
from notifications.filters import PolicyFilter
from notifications.models import Escalation, EscalationPolicy
from notifications.pages.forms.escalation import EscalationPolicyForm
from rules.models import AutomationRule
from smartagent.kernel.scope import has_everyone
from smartagent.shell.filtered_list import FilteredAdmin, FilteredChangeList
from smartagent.shell.owned_admin import OwnedAdmin

MAX_RULES_LISTED = 50


def address_of(policy: EscalationPolicy) -> str:
    """Return the address of a policy's page."""
    return reverse("admin:notifications_escalationpolicy_page", args=[policy.pk])


@require_safe
def policy_page(request: HttpRequest, model_admin: OwnedAdmin, policy_id: uuid.UUID) -> HttpResponse:
    """Show a policy: its steps, its rules, and the escalations in progress."""
    policy = model_admin.find(request, policy_id, "user")
    rules = AutomationRule.objects.visible_to(request.user).filter(action_config__escalation=policy.name)
    courses = Escalation.objects.visible_to(request.user).filter(policy=policy).select_related("rule", "state__user")
    context = {
        "title": policy.name, "policy": policy, "steps": steps_in_words(read(policy.steps), policy.repeats),
        "rules": list(rules.order_by("rule_name")[:MAX_RULES_LISTED]),
        "standing": standing_of(policy, request.user),
        "running": list(courses.running().order_by("due_at")[:MAX_RULES_LISTED]),
        "ended": list(courses.exclude(status="running").order_by("-ended_at")[:10]),
        "may_change": model_admin.has_change_permission(request, policy),
        "may_delete": model_admin.has_delete_permission(request, policy),
    }  # fmt: skip
    return model_admin.show(request, "notifications/policy_page.html", context)


@require_http_methods(["GET", "POST"])
def new_policy(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Create a policy."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    me: Any = request.user
    return _form(request, model_admin, EscalationPolicy(user=me))


@require_http_methods(["GET", "POST"])
def edit_policy(request: HttpRequest, model_admin: OwnedAdmin, policy_id: uuid.UUID) -> HttpResponse:
    """Edit a policy. Escalations in progress keep the steps they started with."""
    policy = model_admin.find(request, policy_id, "user")
    if not model_admin.has_change_permission(request, policy):
        raise PermissionDenied
    return _form(request, model_admin, policy)


def _form(request: HttpRequest, model_admin: OwnedAdmin, policy: EscalationPolicy) -> HttpResponse:
    fresh, name = policy._state.adding, policy.name
    form = EscalationPolicyForm(request.POST or None, policy=policy, maker=request.user)
    if request.method == "POST" and "_more" not in request.POST and form.is_valid():
        form.save()
        messages.success(request, f"Policy “{policy.name}” saved.")
        return HttpResponseRedirect(address_of(policy))
    back = reverse("admin:notifications_escalationpolicy_changelist") if fresh else address_of(policy)
    asks_more = "_more" in request.POST
    context = {
        "title": "Add escalation policy" if fresh else f"Edit {name}", "form": form, "back": back,
        "complains": request.method == "POST" and not asks_more,
    }  # fmt: skip
    return model_admin.show(request, "notifications/policy_form.html", context)


class PolicyChangeList(FilteredChangeList):
    """A list whose rows link to the pages of the policies."""

    def url_for_result(self, result: EscalationPolicy) -> str:
        return address_of(result)


@admin.register(EscalationPolicy)
class PolicyAdmin(FilteredAdmin):
    slug = "escalation"
    list_title = "Escalation"
    filterset_class = PolicyFilter
    empty_title = "No escalation policy yet"
    empty_text = (
        "An escalation policy lists who is notified next if nobody acknowledges an alert. Rules "
        "select it in their action."
    )
    list_display = ("name", "shown_steps", "user")
    list_display_links = ("name",)
    list_select_related = ("user",)
    sortable_by = ("name",)
    search_fields = ("name",)
    search_help_text = "Name"
    pages = {
        "add/": (new_policy, "new"), "<uuid:policy_id>/": (policy_page, "page"),
        "<uuid:policy_id>/edit/": (edit_policy, "edit"),
    }  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return PolicyChangeList

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(name for name in self.list_display if name != "user" or has_everyone(request.user, "view"))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(address_of(self.find(request, object_id)))

    @display(description="steps")
    def shown_steps(self, policy: EscalationPolicy) -> str:
        return " · ".join(steps_in_words(read(policy.steps), policy.repeats))
