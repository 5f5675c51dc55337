"""Every page for every role: what one may not see is refused, and nothing breaks."""

import pytest
from django.contrib.admin import site
from django.urls import reverse
from django.utils import timezone

from smartagent.models import User
from tests.conftest import person
from tests.examples import TIMES
from tests.smartagent.kernel.test_scope import MADE, address

ROLES = ["members", "operators", "auditors", "administrators"]
PAGES = [
    "admin:index", "admin:profile", "admin:password_change", "admin:badges", "admin:search",
    "admin:notifications_notification_panel",
]  # fmt: skip


@pytest.fixture(params=ROLES)
def somebody(request, db):
    return person("Carol", request.param)


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_the_shell(client_of, somebody, name):
    assert client_of(somebody).get(reverse(name)).status_code == 200


# Members and operators come to every page: see test_crawl and test_fuzz_pages.
@pytest.mark.parametrize("somebody", ROLES if TIMES > 1 else ["auditors", "administrators"], indirect=True)
def test_lists_and_forms(client_of, somebody):
    client = client_of(somebody)
    for model, make in MADE.items():
        thing = make(somebody, timezone.now())
        assert client.get(address(model, "changelist")).status_code == 200
        for page in (
            address(model, "add"),
            *(address(model, verb, thing.pk) for verb in ("change", "delete", "history")),
        ):
            assert client.get(page, follow=True).status_code in (200, 403), page


@pytest.mark.parametrize("somebody", ROLES if TIMES > 1 else ["members", "administrators"], indirect=True)
def test_a_search_and_an_order_in_every_list(client_of, somebody):
    client = client_of(somebody)
    for model in MADE:
        for requested in ({"q": "x", "o": "1"}, {"o": "-2", "p": "3"}):
            assert client.get(address(model, "changelist"), requested).status_code == 200, (model, requested)


def test_every_way_of_the_navigation_is_open(client_of, ada):
    """Those of the other roles are followed with all other links."""
    client = client_of(ada)
    groups = client.get("/").context["sidebar_navigation"]
    links = [str(page["link"]) for group in groups for page in group["items"] if page["has_permission"]]
    assert len(links) >= 9
    for link in links:
        assert client.get(link).status_code == 200, link


def test_people_are_in_the_navigation_of_those_who_may_see_them(client_of, alice, audra):
    assert 'href="/people/"' not in client_of(alice).get("/").content.decode()
    assert 'href="/people/"' in client_of(audra).get("/").content.decode()


def test_lists_are_served_under_nouns():
    assert {str(admin.slug) for admin in site._registry.values()} == {
        "rules", "firing", "activity", "notifications", "optimizations", "integrations", "runs", "silences", "people",
        "tokens", "channels", "deliveries", "escalation", "data-sources", "metric-queries",
        "received-metrics", "service-accounts",
    }  # fmt: skip
    assert reverse("admin:rules_automationrule_changelist") == "/rules/"
    assert site._registry[User].slug == "people"
