"""Markup of what the activity page has hundreds of: cells, bars and values of facets. Templates would take longer for
it than the database does for the rows."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from html import escape
from uuid import UUID

from django.utils.safestring import SafeString

from rules.pages.activity.histogram_chart import DrawnBar
from rules.pages.activity.rows import EntryRow, Value


def rows_html(
    rows: Iterable[EntryRow], columns: Sequence[tuple[str, str]], place: str
) -> list[tuple[UUID, SafeString]]:
    """The key of each row and its cells; entries are below the address `place`. What many rows say is made once."""
    html_of = cache(value_html)
    return [(row.entry.pk, cells_html(row, columns, f"{place}{row.entry.pk}/change/", html_of)) for row in rows]


def cells_html(
    row: EntryRow, columns: Iterable[tuple[str, str]], address: str, html_of: Callable[[Value], str]
) -> SafeString:
    """The cells of a row; the time leads to `address`, values to the list with or without them."""
    return SafeString("".join([_cell(name, row, address, html_of) for name, _ in columns]))


def _cell(name: str, row: EntryRow, address: str, html_of: Callable[[Value], str]) -> str:
    if name == "time":
        return f'<th scope="row" class="sa-at"><a href="{address}" data-open>{row.time}</a></th>'
    if name == "description":
        return f'<td class="sa-what">{escape(row.sentence)}</td>'
    if name == "error":
        return f'<td class="sa-why{" sa-second" if row.on_purpose else ""}">{escape(row.error)}</td>'
    return f'<td class="sa-of-{name}">{html_of(row.values[name])}</td>'


def value_html(value: Value) -> str:
    """A value with the links to filter by it and to exclude it."""
    label = escape(value.label)
    if not value.chosen:
        return label
    tone = f' class="sa-tone-{value.tone}"' if value.tone else ""
    return (
        f'<span class="sa-value"><a href="{escape(value.chosen)}" tabindex="-1" title="Show only {label}"{tone}>{label}'
        f'</a><a href="{escape(value.excluded)}" class="sa-minus" tabindex="-1" aria-label="Exclude {label}">−</a>'
        "</span>"
    )


def bars_html(bars: Iterable[DrawnBar]) -> SafeString:
    """The bars of a histogram, of which the first can be reached by the Tab key and the others by arrow keys."""
    return SafeString("".join([_bar(bar, number) for number, bar in enumerate(bars)]))


def _bar(bar: DrawnBar, number: int) -> str:
    words = escape(bar.words)
    parts, top = [], 100.0
    for colour, part in bar.parts:
        height = bar.height * part / 100
        top -= height
        parts.append(f'<rect class="sa-c-{colour}" y="{top:.2f}" width="1" height="{height:.2f}"/>')
    return (
        f'<a href="{escape(bar.address)}" class="sa-stack-bar" title="{words}" aria-label="{words}"'
        f' data-start="{bar.start}" data-end="{bar.end}" tabindex="{-1 if number else 0}">'
        f'<svg viewBox="0 0 1 100" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg></a>'
    )
