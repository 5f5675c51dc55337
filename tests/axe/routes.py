"""The routes of the URLconf, and addresses for those that no link leads to."""

import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.urls import Resolver404, get_resolver, resolve
from django.urls.resolvers import URLPattern, URLResolver

CONVERTER = re.compile(r"<[^>]+>")
ID = re.compile(r"[0-9a-f-]{32,36}|\d+")
API, API_DOCS = "api/", "api/docs/"
FRAMES = ("optimizer-report/mail/",)  # parts of other pages that are documents: an e-mail
MADE_UP = {"kind": "email", "verb": "read", "app_label": "rules"}  # where no page names one


def all_routes() -> list[str]:
    """Each route that may answer with a page: all but those of the API."""
    return sorted({route for route in _walk(get_resolver(), "") if is_page(route)})


def is_page(route: str) -> bool:
    """Whether a GET of the route may answer with a page."""
    return "(" not in route and (route == API_DOCS or not route.startswith((API, "logout", *FRAMES)))


def route_of(address: str) -> str:
    """The route that answers the address; empty where there is none."""
    try:
        return resolve(urlsplit(address).path).route
    except Resolver404:
        return ""


class Ids:
    """The ids that links have named, by the first part of their address."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = defaultdict(list)

    def add(self, address: str) -> None:
        """Keep the ids of an address."""
        path = urlsplit(address).path
        try:
            values = resolve(path).kwargs.values()
        except Resolver404:
            return
        ids = self.known[first_part(path[1:])]
        ids += [text for text in map(str, values) if ID.fullmatch(text) and text not in ids]

    def addresses(self, route: str) -> list[str]:
        """Addresses of the route with ids that are known; itself where it has none; empty where none is known."""
        if not CONVERTER.search(route):
            return [f"/{route}"]
        return [_filled(route, one) for one in self.known[first_part(route)]]


def first_part(route: str) -> str:
    """The part before the first slash: `rules`."""
    return route.partition("/")[0]


def _filled(route: str, one: str) -> str:
    values = (MADE_UP.get(name.strip("<>").split(":")[-1], one) for name in CONVERTER.findall(route))
    return f"/{CONVERTER.sub(lambda _: next(values), route)}"


def _walk(resolver: URLResolver, before: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _walk(pattern, route)
