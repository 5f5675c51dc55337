"""Accessibility and width of every kind of page, in both themes: `python -m tests.axe.run ADDRESS E-MAIL PASSWORD`.

The installation at ADDRESS runs, best with the demo: forms are sent empty there. 1. Each theme has a browser of its
own, where the person signs in. 2. Some pages of each route of the URLconf are looked at (`--per-route`), as links lead
there. 3. Pages in a state are looked at. Each look is by axe-core and at the width, on a desktop and on a phone. Exit
code 1 where a finding is of the impact moderate or worse, 2 where axe-core cannot be had.
"""

import argparse
import os
import sys

import django
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.axe.crawl import Crawl
from tests.axe.examination import DESKTOP, IMPACTS, Findings
from tests.axe.library import NoAxe, axe_script
from tests.axe.states import SIGNED_OUT, State, states
from tests.browser.executable import FOUND

THEMES = ("light", "dark")
TIMEOUT = 10_000  # ms


class Look:
    """One run: an installation, a person, what was found and what was not reached."""

    def __init__(self, args: argparse.Namespace, findings: Findings) -> None:
        self.base, self.email, self.password = args.address.rstrip("/"), args.email, args.password
        self.per_route, self.findings = args.per_route, findings
        self.pages = self.states = 0
        self.not_reached: list[str] = []

    def at_all(self, browser: Browser, theme: str) -> Crawl:
        """Look at everything in one theme."""
        page = browser.new_page(viewport=DESKTOP, color_scheme=theme)  # type: ignore[arg-type]
        page.set_default_timeout(TIMEOUT)
        page.set_default_navigation_timeout(6 * TIMEOUT)
        for address in SIGNED_OUT:
            self._at_state(page, State("signed out", address), theme)
        self._sign_in(page)
        crawl = Crawl(self.base, self.per_route)
        for address in crawl.pages(page):
            self.findings.examine(page, f"{address} {theme}", in_both=theme == THEMES[0])
            self.findings.examine_opened(page, f"{address} {theme}")
            self.pages += 1
        for state in states():
            self._at_state(page, state, theme)
        page.close()
        return crawl

    def _sign_in(self, page: Page) -> None:
        page.goto(f"{self.base}/login/")
        page.fill("input[name=username]", self.email)
        page.fill("input[name=password]", self.password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login/" not in url)

    def _at_state(self, page: Page, state: State, theme: str) -> None:
        place = f"{state.address} {state.name} {theme}".replace("  ", " ")
        try:
            page.goto(self.base + state.address)
            state.reach(page)
        except Error as error:
            self.not_reached.append(f"{place}: {str(error).splitlines()[0]}")
            print("not reached:", self.not_reached[-1], file=sys.stderr, flush=True)
        else:
            self.findings.examine(page, place, in_both=theme == THEMES[0])
            self.states += 1
        page.emulate_media(media="screen")


def main(args: argparse.Namespace) -> int:
    """Look at all pages and print what is wrong; the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    django.setup()
    try:
        findings = Findings(axe_script())
    except NoAxe as error:
        print(error, file=sys.stderr)
        return 2
    look = Look(args, findings)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=FOUND, args=["--no-sandbox", "--disable-gpu"])
        crawls = [look.at_all(browser, theme) for theme in THEMES]
        browser.close()
    return report(look, crawls[0])


def report(look: Look, crawl: Crawl) -> int:
    """Print what was found and what was reached; the exit code."""
    counts = look.findings.counts()
    print(*look.findings.lines(), sep="\n")
    for answer, routes in sorted(crawl.without_page().items()):
        print(f"no page of {len(routes)} routes ({answer}): {', '.join(routes)}")
    for each in look.not_reached:
        print(f"not reached: {each}")
    reached = sum(answer == "page" for answer in crawl.answers.values())
    print(
        f"{look.pages} pages of {reached} routes and {look.states} states, in {len(THEMES)} themes:"
        f" {look.findings.looks} looks"
    )
    print(f"{counts['minor']} minor")
    print(", ".join(f"{counts[impact]} {impact}" for impact in IMPACTS[:-1]))
    return 1 if any(counts[impact] for impact in IMPACTS[:-1]) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("address", "email", "password"):
        parser.add_argument(name)
    parser.add_argument("--per-route", type=int, default=2, help="pages of each route (2)")
    sys.exit(main(parser.parse_args()))
