"""The documentation, as people read it."""

import re

import pytest
from django.urls import reverse
from django.utils.html import escape

from rules.metrics import MetricSource
from smartagent.docs.contents import all_pages
from smartagent.docs.download import CONTENT_TYPES
from tests.examples import TIMES


class Odd(MetricSource):
    """A metric whose texts would be markup."""

    kind = "odd"
    label = "Odd <script>alert(1)</script> | one"
    help = "Is *not* <b>bold</b>."
    unit = "%"


def opened(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["alice", *(["ada"] if TIMES > 1 else [])])
def test_every_page_opens_and_says_its_title(client_of, request, role):
    client = client_of(request.getfixturevalue(role))
    for page in all_pages():
        text = opened(client, reverse("admin:docs_page", args=[page.slug]))
        assert escape(page.title) in text
        assert "<h1" in text
        assert list(broken_links(text)) == [], page.slug


def broken_links(text):
    """The links in the documentation part of a page to places and pages that are not there."""
    pages = {"/docs/", *(reverse("admin:docs_page", args=[page.slug]) for page in all_pages())}
    pages |= {reverse("admin:docs_download", args=[file]) for file in CONTENT_TYPES}
    for link in re.findall(r'<a [^>]*href="([#/][^"]*)"', text.partition('class="sa-docs"')[2]):
        address, _, place = link.partition("#")
        is_known = address.partition("?")[0] in pages if address.startswith("/docs/") else f'id="{place}"' in text
        if not is_known and not address.startswith(("/api/", "/received-metrics/")):
            yield link


def test_a_plug_of_ones_own_has_a_page_by_itself_and_its_texts_are_escaped(client_of, alice, settings):
    settings.RULES_METRICS = [*settings.RULES_METRICS, f"{__name__}.Odd"]
    text = opened(client_of(alice), "/docs/metrics/odd/")
    assert "<script>alert" not in text
    assert "<b>bold" not in text
    assert "<code>odd</code>" in text


def test_search_finds_pages_with_every_word(client_of, alice):
    text = opened(client_of(alice), "/docs/", q="pgbouncer transaction")
    assert "/docs/takeover/" in text.partition("<article")[2].partition("</article>")[0]
    assert "PgBouncer in transaction mode needs" in text
    nothing = opened(client_of(alice), "/docs/", q="<b>zebra</b> crossing")
    assert "No page has all of these words" in nothing
    assert "<b>zebra" not in nothing


def test_what_search_shows_of_a_page_is_escaped(client_of, alice, settings):
    settings.RULES_METRICS = [*settings.RULES_METRICS, f"{__name__}.Odd"]
    text = opened(client_of(alice), "/docs/", q="odd bold")
    assert "/docs/metrics/odd/" in text.partition("<article")[2]
    assert "<b>bold" not in text
    assert "<script>alert" not in text


def test_only_documentation_is_marked_in_the_navigation(client_of, ada):
    for address, title in (
        ("/docs/rules/", "Documentation"),
        ("/docs/channels/email/", "Documentation"),
        ("/", "Overview"),
    ):
        context = client_of(ada).get(address).context
        items = [item for group in context["sidebar_navigation"] for item in group["items"]]
        assert [item["title"] for item in items if item["active"]] == [title]


def test_search_shows_a_line_below_the_heading_that_was_found(client_of, alice):
    assert "nothing is to be set" in opened(client_of(alice), "/docs/", q="pgbouncer")


def test_an_unknown_page_is_not_found_and_signing_in_is_needed(client_of, alice, client):
    assert client_of(alice).get("/docs/nowhere/").status_code == 404
    assert client.get("/docs/").status_code == 302
