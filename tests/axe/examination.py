"""What is wrong with the page that is shown: by axe-core, and by its width."""

import sys
from collections import defaultdict
from typing import Any

from playwright.sync_api import Page

IMPACTS = ("critical", "serious", "moderate", "minor")
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
SETTLE = 300  # ms: charts and parts that come later
RUN = "() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
# Null, or the element that reaches furthest to the right.
TOO_WIDE = """() => {
  const root = document.documentElement;
  if (Math.max(root.scrollWidth, document.body.scrollWidth) <= innerWidth) return null;
  const clips = (box) => box && box !== document.body
    && (getComputedStyle(box).overflowX !== 'visible' || clips(box.parentElement));
  const wide = [...document.body.querySelectorAll('*')]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !clips(one.parentElement));
  return `${root.scrollWidth} px: ${(wide.at(-1) ?? document.body).outerHTML}`;
}"""
OPEN_DETAILS = "() => document.querySelectorAll('details:not([open])').forEach(one => { one.open = true; })"
DIALOGS = "() => document.querySelectorAll('dialog:not([open])').length"
OPEN_DIALOG = "(number) => document.querySelectorAll('dialog')[number].showModal()"
CLOSE_DIALOG = "(number) => document.querySelectorAll('dialog')[number].close()"


class Findings:
    """What was found: page and element, by impact and rule."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        self.looks = 0

    def examine(self, page: Page, place: str, *, in_both: bool) -> None:
        """Look at the page as it is, and as wide as a phone (with axe-core where `in_both`); leave it as it was."""
        page.wait_for_selector("main", state="attached")  # Swagger's page is made by a script
        page.wait_for_timeout(SETTLE)
        self._axe(page, place)
        self._width(page, place)
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(SETTLE)
        if in_both:
            self._axe(page, f"{place} phone")
        self._width(page, f"{place} phone")
        page.set_viewport_size(DESKTOP)

    def examine_opened(self, page: Page, place: str) -> None:
        """Look at the page with its details open, and at each of its dialogs."""
        if page.locator("details:not([open])").count():
            page.evaluate(OPEN_DETAILS)
            self._axe(page, f"{place} details open")
            self._width(page, f"{place} details open")
        for number in range(page.evaluate(DIALOGS)):
            page.evaluate(OPEN_DIALOG, number)
            self._axe(page, f"{place} dialog {number + 1}")
            page.evaluate(CLOSE_DIALOG, number)

    def counts(self) -> dict[str, int]:
        """The number of findings by impact."""
        return {one: sum(len(at) for (impact, _), at in self.found.items() if impact == one) for one in IMPACTS}

    def lines(self) -> list[str]:
        """The findings, the worst first, each with three of its places."""
        lines = []
        for (impact, rule), places in sorted(self.found.items(), key=lambda one: IMPACTS.index(one[0][0])):
            lines.append(f"{impact:9} {rule}: {len(places)}")
            lines += [f"          {place}  {element[:200]}" for place, element in _various(places)]
        return lines

    def _axe(self, page: Page, place: str) -> None:
        self.looks += 1
        page.evaluate(f"() => {{ if (!window.axe) {{ {self.script} }} }}")
        violations: list[dict[str, Any]] = page.evaluate(RUN)
        for one in violations:
            for node in one["nodes"]:
                self._add(str(one["impact"] or "minor"), str(one["id"]), place, str(node["html"]))

    def _width(self, page: Page, place: str) -> None:
        if element := page.evaluate(TOO_WIDE):
            self._add("serious", "page-scrolls-sideways", place, element)

    def _add(self, impact: str, rule: str, place: str, element: str) -> None:
        places = self.found[impact, rule]
        if not any(one[:60] == element[:60] for _, one in places):
            print(f"{impact} {rule}: {place}  {element[:200]}", file=sys.stderr, flush=True)
        places.append((place, element))


def _various(places: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Up to eight places, of each element one."""
    return list({element[:60]: (place, element) for place, element in places}.values())[:8]
