"""A real browser: the system's Chromium, which asks nobody but the test's own server."""

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from smartagent.models import User
from tests.browser.executable import FOUND

# Playwright keeps an event loop in the thread of the tests, in which Django would refuse to query.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


REFUSED = re.compile("Content Security Policy|Alpine Expression Error|Permissions-Policy header")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    return {"executable_path": FOUND, "args": args}


@pytest.fixture(autouse=True)
def _own_requests_only(page: Page, live_server: LiveServer) -> Any:
    """No request leaves for another host, no script fails, and nothing is refused by the Content-Security-Policy."""
    strays: list[str] = []
    page.on("request", lambda request: strays.append(request.url) if not request.url.startswith(
        (live_server.url, "data:", "blob:")) else None)  # fmt: skip
    page.on("pageerror", lambda error: strays.append(str(error)))
    page.on("console", lambda said: strays.append(said.text) if REFUSED.search(said.text) else None)
    yield
    assert not strays


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> Callable[..., Page]:
    """Somebody is signed in already, and at an address; the form for it has tests of its own."""

    def sign_in(user: User, address: str = "/") -> Page:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.clear_cookies()
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page.goto(f"{live_server.url}{address}")
        return page

    return sign_in
