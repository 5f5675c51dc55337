"""The page of a person: alerts, readings, activity, notifications, optimizations, and the rules that watch them."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rules.models import AutomationRule, Integration
from smartagent.dashboard.subject.sections import links_of, sections_of
from smartagent.dashboard.subject.subject import PageSubject
from smartagent.kernel.scope import people_visible_to
from smartagent.models import ServiceAccount, User

MAX_INTEGRATIONS = 20


@require_safe
def person_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show the person; 404 where the viewer may not know of them."""
    person = people_visible_to(request.user).filter(pk=key).select_related("owner").prefetch_related("groups").first()
    if person is None:
        raise Http404("There is no such person.")
    subject = PageSubject(viewer=request.user, person=person, now=timezone.now())
    kind = ServiceAccount if person.is_service_account else User
    people = admin.site.get_model_admin(kind)
    title = "Service accounts" if person.is_service_account else "People"
    listed = {"opts": kind._meta, "list_title": title} if people.has_view_permission(request) else {}
    context = {
        **admin.site.each_context(request), **listed, "title": str(person), "subject": subject, "whose": person,
        "is_own": person.pk == request.user.pk, "roles": sorted(group.name for group in person.groups.all()),
        "may_change": people.has_change_permission(request, person),
        "edit_address": reverse(f"admin:smartagent_{kind._meta.model_name}_change", args=[person.pk]),
        "links": links_of(subject),
        "sections": sections_of(request, subject), "integrations": _integrations(request, person),
        "rules_owned": _rules_owned(request, person),
    }  # fmt: skip
    request.current_app = admin.site.name
    return TemplateResponse(request, "smartagent/subject/person.html", context)


@require_safe
def own_page(request: HttpRequest) -> HttpResponse:
    """Lead to the viewer's own page."""
    return HttpResponseRedirect(reverse("admin:person", args=[request.user.pk]))


def _integrations(request: HttpRequest, person: User) -> list[Any]:
    if not request.user.has_perm("rules.view_integration"):
        return []
    return list(Integration.objects.visible_to(request.user).filter(user=person)[:MAX_INTEGRATIONS])


def _rules_owned(request: HttpRequest, person: User) -> int:
    if not request.user.has_perm("rules.view_automationrule"):
        return 0
    return int(AutomationRule.objects.visible_to(request.user).filter(user=person).count())
