"""Pages in a state that an address alone does not show: opened, filled in wrongly, empty, printed."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.axe.routes import CONVERTER, all_routes

NOTHING = "nothing-has-this-name"
FORMS = (
    "/rules/add/", "/silences/add/", "/channels/add/email/", "/channels/add/webhook/", "/escalation/add/",
    "/people/add/", "/tokens/add/", "/password_change/", "/optimizations/new/", "/integrations/add/",
)  # fmt: skip
ADDRESSES = (
    "/?wall", f"/activity/?search={NOTHING}", "/activity/?group=episode", "/activity/?dense=1",
    "/activity/report/?within=30d", "/activity/?after=nonsense",
    "/docs/?q=rule", f"/docs/?q={NOTHING}", "/rules/?status=nonsense", "/nothing-is-here/",
)  # fmt: skip
SIGNED_OUT = (
    "/login/", "/password/forgotten/", "/password/forgotten/sent/", "/password/new/x/y/", "/password/new/done/",
    "/links/acknowledge/nothing/", "/links/unsubscribe/nothing/",
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """What to do on the page at an address."""

    name: str
    address: str
    reach: Callable[[Page], None] = lambda page: None


def states() -> list[State]:
    """Every state of a person who is signed in."""
    lists = [f"/{route}?q={NOTHING}" for route in all_routes() if is_list(route)]
    return [
        *(State("", address) for address in (*ADDRESSES, *lists)),
        *(State("sent empty", address, send_empty) for address in FORMS),
        State("palette open", "/", open_palette),
        State("bell open", "/", open_bell),
        State("person to choose", "/integrations/add/", click(".select2-selection")),
        State("account open", "/", click(".sa-account")),
        State("filters open", "/notifications/", click("button:has-text('Filters')")),
        State("rows selected", "/rules/", click("#action-toggle")),
        State("panel open", "/activity/", open_panel),
        State("suggestions open", "/activity/", suggest),
        State("printed", "/activity/report/?within=30d", printed),
        State("an operation open", "/api/docs/", open_operation),
    ]


def is_list(route: str) -> bool:
    """Whether the route is a list that a search can empty: one that has a form for a new or one record."""
    return f"{route}add/" in all_routes() and not CONVERTER.search(route)


def click(selector: str) -> Callable[[Page], None]:
    """A click on the first element that the selector names."""
    return lambda page: page.locator(selector).first.click()


def send_empty(page: Page) -> None:
    """Send the form of the page with nothing in its fields, past the browser's own check."""
    form = page.locator("#content form[method=post]").first
    form.evaluate(
        """(form) => {
          form.noValidate = true;
          for (const field of form.querySelectorAll('input:not([type=hidden]), textarea')) field.value = '';
          for (const field of form.querySelectorAll('select')) field.selectedIndex = -1;
        }""",
        timeout=2000,
    )
    with page.expect_navigation():
        form.evaluate("(form) => form.requestSubmit()")


def open_palette(page: Page) -> None:
    """Search for what each installation has."""
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").fill("a")
    page.locator("#command-results-list").wait_for(state="attached")


def open_bell(page: Page) -> None:
    """Open the notifications, and wait for them."""
    page.locator("#bell").click()
    page.locator("#bell-panel .sa-panel").wait_for()


def open_panel(page: Page) -> None:
    """Open the first entry beside the list."""
    page.locator("tr[data-entry] [data-open]").first.click()
    page.locator("#panel h2").wait_for()


def open_operation(page: Page) -> None:
    """Open the first operation of the API, with its parameters and answers."""
    page.locator(".opblock-summary-control").first.dispatch_event("click")
    page.locator(".opblock-body").first.wait_for()


def suggest(page: Page) -> None:
    """Begin a term of the search."""
    page.locator("#searchbar").fill("se")
    page.locator("#suggestions li").first.wait_for()


def printed(page: Page) -> None:
    """Show the page as on paper."""
    page.emulate_media(media="print")
