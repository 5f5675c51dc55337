"""What a browser receives to show a page of `manage.py up`, at the first visit and at the next one."""

from playwright.sync_api import Browser, Page

FIRST, NEXT = 900_000, 60_000  # bytes


def received(page: Page, address: str) -> int:
    """Bytes, headers included, as they came over the wire."""
    sizes: list[float] = []
    watch = page.context.new_cdp_session(page)
    watch.send("Network.enable")
    watch.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    watch.detach()
    return int(sum(sizes))


def signed_in(browser: Browser, base: str, password: str) -> Page:
    """A page of a browser that has visited nothing."""
    page = browser.new_context().new_page()
    page.request.get(f"{base}/login/")
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    form = {"csrfmiddlewaretoken": token, "username": "admin@example.com", "password": password}
    assert page.request.post(f"{base}/login/", form=form, headers={"referer": f"{base}/login/"}).ok
    return page


def assert_pages_are_light(browser: Browser, base: str, password: str) -> None:
    for path in ("/rules/add/", "/activity/"):
        page = signed_in(browser, base, password)
        assert 100_000 < received(page, base + path) < FIRST, path
        assert page.url == base + path
        assert 1_000 < received(page, base + path) < NEXT, path
        page.context.close()
