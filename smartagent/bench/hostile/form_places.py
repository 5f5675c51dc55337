"""The text fields of the forms, found by following all links of the pages."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from django.test import Client

from smartagent.bench.hostile.page import Form, Page
from smartagent.bench.hostile.places import FORM_TYPE, Place

FORMS, SIGN_IN = "forms", "forms without a sign-in"
MAX_PAGES = 400
ELSEWHERE = ("/static/", "/logout/", "/api/", "/docs/", "/links/")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)")
FIRST_PAGES = ("/login/", "/password_reset/", "/")


def places_of_forms(client: Client, *, nobody: bool = False) -> Iterator[Place]:
    """Each text field of each form that the client is led to, once for each address that it is sent to."""
    seen = set()
    for page in _pages(client):
        for form in page.forms:
            for place in _places(page, form, nobody=nobody):
                key = (place.method, _shape(place.address), *place.names)
                if key not in seen and not place.address.startswith(ELSEWHERE):
                    seen.add(key)
                    yield place


def _places(page: Page, form: Form, *, nobody: bool) -> Iterator[Place]:
    if form.method == "dialog":
        return
    presses = {action: {name: [value]} if name else {} for action, name, value in reversed(form.buttons)}
    for action, pressed in (presses or {form.action: {}}).items():
        address = page.address if action in ("", ".") else urljoin(page.address, action)
        sent = {name: values for name, values in form.fields.items() if name != "csrfmiddlewaretoken"}
        texts = list(dict.fromkeys(form.texts))
        for names in [texts] if form.method == "get" and texts else [[name] for name in texts]:
            yield Place(
                part=SIGN_IN if nobody else FORMS, method=form.method, address=address, content_type=FORM_TYPE,
                names=names, sent=sent | pressed, nobody=nobody,
            )  # fmt: skip


def _pages(client: Client) -> Iterator[Page]:
    """The pages that links lead to, one of each kind."""
    todo, known = list(FIRST_PAGES), {_shape(each) for each in FIRST_PAGES}
    while todo and len(known) < MAX_PAGES:
        address = todo.pop(0)
        answer = client.get(address, follow=True)
        if "html" not in answer.headers.get("Content-Type", "") or answer.status_code >= 400:
            continue
        page = Page(address, answer.content.decode())
        for link in page.addresses():
            if not link.startswith(ELSEWHERE) and _shape(link) not in known:
                known.add(_shape(link))
                todo.append(link)
        yield page


def _shape(address: str) -> str:
    """The path without what differs from one to the next of its kind."""
    return ID.sub("ID", address.partition("?")[0])
