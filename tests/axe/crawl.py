"""Every kind of page, once: those that links lead to, from the overview on."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Error, Page

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d+\b")
ELSEWHERE = ("/static/", "/logout/", "/api/", "/schema.json")
STARTS = (
    "/", "/?wall", "/api/docs/", "/activity/?group=episode", "/activity/?search=nothing-has-this-name",
    "/activity/report/?within=30d",
)  # fmt: skip
MAX_PAGES = 150


def pages(page: Page, base: str) -> Iterator[str]:
    """Visit page after page, and give the address of each while it is shown."""
    waiting, known = list(STARTS), {kind_of(start) for start in STARTS}
    for _ in range(MAX_PAGES):
        if not waiting:
            return
        address = waiting.pop(0)
        try:
            response = page.goto(urljoin(base, address))
        except Error:  # a file begins to come
            continue
        if response is None or "text/html" not in response.headers.get("content-type", ""):
            continue
        yield address
        for link in links_of(page, base):
            if kind_of(link) not in known:
                known.add(kind_of(link))
                waiting.append(link)


def links_of(page: Page, base: str) -> list[str]:
    """The addresses of our own that links of the page lead to, without files."""
    found: list[str] = page.eval_on_selector_all(
        "a[href]:not([download])", "links => links.map(link => link.getAttribute('href'))"
    )
    absolute = [urlsplit(urljoin(page.url, href)) for href in found]
    own = [link for link in absolute if link.netloc == urlsplit(base).netloc and not link.path.startswith(ELSEWHERE)]
    return [f"{link.path}?{link.query}" if link.query and link.path == "/" else link.path for link in own]


def kind_of(address: str) -> str:
    """The address without the ids in it: pages that differ only there are of one kind."""
    return ID.sub("*", address)
