"""The page of the example platform: the state of its integrations, and buttons to break and repair them."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from smartagent.demo.platform.service import SERVICE_PARTS

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Example platform</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto }
td, th { text-align: left; padding: .5rem .75rem; border-bottom: 1px solid #8884; white-space: nowrap }
form { display: inline } button { font: inherit; padding: .25rem .6rem; cursor: pointer }
.broken { color: #c22; font-weight: 600 } .works { color: #283 }
@media (prefers-color-scheme: dark) { .broken { color: #f77 } .works { color: #7c8 } }
</style></head><body><h1>Example platform</h1>
<p>Break an integration, and see under Smart Agent how its rule fires and what brings it back. <em>health</em>: it
answers 503. <em>token</em>: its access token is refused until it is renewed. <em>refresh</em>: it fetches no data.</p>
<table><thead><tr><th>Integration</th><th>Health</th><th>Token</th><th>Data</th><th>Renewed</th><th>Fetched</th></tr>
</thead><tbody>"""


def page_of(services: Iterable[Mapping[str, Any]]) -> str:
    """Return the page as HTML."""
    return HEAD + "".join(map(_row, services)) + "</tbody></table></body></html>"


def _row(service: Mapping[str, Any]) -> str:
    cells = "".join(_cell(service, part) for part in SERVICE_PARTS)
    counted = f"<td>{service['renewals']} times</td><td>{service['refreshes']} times</td>"
    return f'<tr><th scope="row">{escape(service["name"])}</th>{cells}{counted}</tr>'


def _cell(service: Mapping[str, Any], part: str) -> str:
    broken = part in service["broken"]
    state, verb = ("broken", "heal") if broken else ("works", "break")
    name = escape(service["name"])
    button = f'<button name="what" value="{part}" aria-label="{verb} the {part} of {name}">{verb}</button>'
    form = f'<form method="post" action="/control/{name}/{verb}">{button}</form>'
    return f'<td><span class="{state}">{state}</span> {form}</td>'
