"""The results of the command palette: pages, rules, people and integrations that the person may see."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.module_loading import import_string

from rules.models import AutomationRule, Integration
from rules.pages.links import page_of, page_of_integration
from smartagent.kernel.limits import limited
from smartagent.kernel.scope import people_visible_to
from smartagent.shell.navigation import navigation

MAX_RESULTS = 8
MAX_QUERY_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the palette."""

    title: str
    kind: str
    link: str
    icon: str


@limited("searches")
def find(request: HttpRequest) -> HttpResponse:
    """The lines for the term `s`: every page where it is empty."""
    term = request.GET.get("s", "").strip()[:MAX_QUERY_LENGTH].replace("\0", "")
    found = [page for page in _pages(request) if term.lower() in page.title.lower()]
    if term:
        found += [*_rules(request, term), *_people(request, term), *_integrations(request, term)]
    return TemplateResponse(request, "smartagent/palette.html", {"found": found, "term": term})


def _pages(request: HttpRequest) -> Iterator[Found]:
    for group in navigation(request):
        for page in group["items"]:
            if _may_open(request, page.get("permission")):
                yield Found(page["title"], "Page", str(page["link"]), page["icon"])
    if request.user.has_perm("rules.add_automationrule"):
        yield Found("Add rule", "Page", reverse("admin:rules_automationrule_add"), "add")
    if request.user.has_perm("smartagent.add_apitoken"):
        yield Found("Add API token", "Page", reverse("admin:smartagent_apitoken_add"), "add")
    yield Found("Your page", "Page", reverse("admin:own_page"), "person")
    yield Found("Your profile", "Page", reverse("admin:profile"), "person")
    yield Found("Change password", "Page", reverse("admin:password_change"), "password")


def _may_open(request: HttpRequest, permission: Any) -> bool:
    """`permission` is a callable, as the side bar has it, or the path of one."""
    if isinstance(permission, str):
        permission = import_string(permission)
    return permission is None or bool(permission(request))


def _rules(request: HttpRequest, term: str) -> list[Found]:
    if not request.user.has_perm("rules.view_automationrule"):
        return []
    rules = AutomationRule.objects.visible_to(request.user).filter(rule_name__icontains=term)[:MAX_RESULTS]
    return [Found(str(rule), "Rule", page_of(rule), "rule") for rule in rules]


def _people(request: HttpRequest, term: str) -> list[Found]:
    if not request.user.has_perm("smartagent.view_user"):
        return []
    named = Q(full_name__icontains=term) | Q(email__icontains=term)
    people = people_visible_to(request.user).filter(named).order_by("full_name")[:MAX_RESULTS]
    return [Found(str(person), person.email, reverse("admin:person", args=[person.pk]), "person") for person in people]


def _integrations(request: HttpRequest, term: str) -> list[Found]:
    """By their type, or by the name of their owner: `gmail`, `ines`."""
    if not request.user.has_perm("rules.view_integration"):
        return []
    named = Q(integration_type__icontains=term) | Q(
        user__in=people_visible_to(request.user), user__full_name__icontains=term
    )
    integrations = Integration.objects.visible_to(request.user).filter(named).select_related("user")
    return [
        Found(f"{one} of {one.user}", "Integration", page_of_integration(one), "hub")
        for one in integrations.order_by("integration_type", "user__full_name", "id")[:MAX_RESULTS]
    ]
