"""Accessibility of every page, in both themes, by axe-core: `python -m tests.axe.run ADDRESS E-MAIL PASSWORD`.

The installation at ADDRESS runs, best with the demo. Exit code 1 where a page violates a rule of the impact moderate or
worse, 2 where axe-core cannot be had.
"""

import sys
from collections import defaultdict
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.axe.crawl import pages
from tests.axe.library import NoAxe, axe_script
from tests.browser.executable import FOUND

BAD = ("critical", "serious", "moderate")
RUN = "() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
Findings = dict[tuple[str, str], list[tuple[str, str]]]  # by impact and rule: page, element


def main(base: str, email: str, password: str) -> int:
    """Look at all pages and print what is wrong; the exit code."""
    try:
        script = axe_script()
    except NoAxe as error:
        print(error, file=sys.stderr)
        return 2
    found: Findings = defaultdict(list)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=FOUND, args=["--no-sandbox", "--disable-gpu"])
        count = sum(look(browser, base, email, password, theme, script, found) for theme in ("light", "dark"))
        browser.close()
    for (impact, rule), places in sorted(found.items(), key=lambda one: [*BAD, "minor"].index(one[0][0])):
        print(f"{impact:9} {rule}: {len(places)}")
        for place, element in places[:3]:
            print(f"          {place}  {element[:160]}")
    totals = {impact: sum(len(places) for (kind, _), places in found.items() if kind == impact) for impact in BAD}
    print(f"{count} pages: {', '.join(f'{number} {impact}' for impact, number in totals.items())}")
    return 1 if any(totals.values()) else 0


def look(
    browser: Browser, base: str, email: str, password: str, theme: Any, script: str, found: Findings
) -> int:  # fmt: skip
    """Look at the pages in one theme; their number."""
    page = browser.new_page(viewport={"width": 1360, "height": 860}, color_scheme=theme)
    page.goto(f"{base}/login/")
    examine(page, f"/login/ {theme}", script, found)
    page.fill("input[name=username]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
    count = 1
    for address in pages(page, base):
        page.wait_for_timeout(300)  # charts and parts that come later
        examine(page, f"{address} {theme}", script, found)
        count += 1
    page.close()
    return count


def examine(page: Page, place: str, script: str, found: Findings) -> None:
    """Add what axe-core finds on the page."""
    page.evaluate(script)
    for violation in page.evaluate(RUN):
        nodes = [(place, str(node["html"])) for node in violation["nodes"]]
        found[str(violation["impact"] or "minor"), str(violation["id"])] += nodes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), *sys.argv[2:4]))
