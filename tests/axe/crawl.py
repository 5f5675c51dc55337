"""Every kind of page: some of each route, those that links lead to, then those that only an address reaches."""

from collections import Counter, deque
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Error, Page, Response

from tests.axe.routes import Ids, all_routes, is_page, route_of

STARTS = ("/", "/api/docs/")
TRIES = 4  # ids of a route without a link


class Crawl:
    """What was visited of one installation by one person."""

    def __init__(self, base: str, per_route: int) -> None:
        self.base, self.per_route = base, per_route
        self.waiting = deque(STARTS)
        self.known = set(STARTS)
        self.taken: Counter[str] = Counter()  # addresses by route
        self.answers: dict[str, str] = {}  # by route: "page", or why there is none
        self.ids = Ids()

    def pages(self, page: Page) -> Iterator[str]:
        """Visit page after page, and give the address of each while it is shown."""
        yield from self._linked(page)
        for route in all_routes():
            for address in self.ids.addresses(route)[:TRIES]:
                if self.answers.get(route) != "page" and self._visit(page, address, route):
                    yield address
                    yield from self._linked(page)

    def without_page(self) -> dict[str, list[str]]:
        """The routes without a page, by what they answered."""
        found: dict[str, list[str]] = {}
        for route in all_routes():
            answer = self.answers.get(route, "no address of it is known")
            if answer != "page":
                found.setdefault(answer, []).append(route)
        return found

    def _linked(self, page: Page) -> Iterator[str]:
        self._note_links(page)
        while self.waiting:
            address = self.waiting.popleft()
            if self._visit(page, address, route_of(address)):
                yield address
                self._note_links(page)

    def _visit(self, page: Page, address: str, route: str) -> bool:
        """Go there; whether it is a page of the route, whole and not refused."""
        try:
            answer = answer_of(page, page.goto(urljoin(self.base, address)))
        except Error:  # a file begins to come
            answer = "a file"
        if answer == "page" and (shown := route_of(page.url)) != route:
            answer = f"redirects to {shown or 'another site'}"
        if self.answers.get(route) != "page":
            self.answers[route] = answer
        return answer == "page"

    def _note_links(self, page: Page) -> None:
        for address in links_of(page, self.base):
            self.ids.add(address)
            route = route_of(address)
            if is_page(route) and route and address not in self.known and self.taken[route] < self.per_route:
                self.known.add(address)
                self.taken[route] += 1
                self.waiting.append(address)


def answer_of(page: Page, response: Response | None) -> str:
    """`page`, or why what is shown is none."""
    if response is None or response.status == 405:
        return "no GET"
    if response.status >= 400:
        return f"status {response.status}"
    if "text/html" not in response.headers.get("content-type", ""):
        return "no HTML"
    return "page" if page.evaluate("() => document.doctype !== null") else "a part of a page"


def links_of(page: Page, base: str) -> list[str]:
    """The addresses of our own that links of the page lead to, without files and searches."""
    if not page.url.startswith(base):
        return []
    found: list[str] = page.eval_on_selector_all(
        "a[href]:not([download])", "links => links.map(link => link.getAttribute('href'))"
    )
    absolute = [urlsplit(urljoin(page.url, href)) for href in found]
    return [link.path for link in absolute if link.netloc == urlsplit(base).netloc]
