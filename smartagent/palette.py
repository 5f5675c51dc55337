"""What the command palette finds beside the pages: rules and people, of those that the person may see."""

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from rules.models import AutomationRule
from smartagent.models import User

MOST = 8


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return up to eight rules and eight people whose names hold `term`."""
    return [*_rules(request, term), *_people(request, term)]


def _rules(request: HttpRequest, term: str) -> list[SearchResult]:
    if not request.user.has_perm("rules.view_automationrule"):
        return []
    found = AutomationRule.objects.visible_to(request.user).filter(rule_name__icontains=term)[:MOST]
    return [SearchResult(title=str(rule), description="Rule", link=f"/rules/{rule.pk}/", icon="rule") for rule in found]


def _people(request: HttpRequest, term: str) -> list[SearchResult]:
    if not request.user.has_perm("smartagent.view_user"):
        return []
    found = User.objects.filter(Q(full_name__icontains=term) | Q(email__icontains=term)).order_by("full_name")[:MOST]
    links = [reverse("admin:smartagent_user_change", args=[person.pk]) for person in found]
    return [
        SearchResult(title=str(person), description=person.email, link=link, icon="person")
        for person, link in zip(found, links, strict=True)
    ]
