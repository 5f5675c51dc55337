"""The reference page of a plug, as Markdown: what it is called, what it does, its options and limits."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.html import escape

from notifications.registries import channels
from optimizer.registries import operations, strategies
from rules.registries import actions, metrics
from smartagent.kernel.registry import Registry

SECTIONS: dict[str, Registry[Any]] = {
    "Metrics": metrics, "Actions": actions, "Channels": channels, "Strategies": strategies, "Operations": operations,
}  # fmt: skip


def reference_text(plug: Any) -> str:
    """The page of one metric, action, channel, strategy or operation."""
    parts = [f"# {_plain(plug.label)}", _plain(plug.help), _facts(plug), _options(getattr(plug, "form", None))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(plug: Any) -> str:
    rows = [f"| {name} | {value} |" for name, value in _known(plug) if value]
    return "\n".join(["| | |", "|---|---|", *rows])


def _known(plug: Any) -> Iterator[tuple[str, str]]:
    yield "Kind", f"`{plug.kind}`"
    yield "Unit", _plain(getattr(plug, "unit", ""))
    lowest, highest = getattr(plug, "lowest", None), getattr(plug, "highest", None)
    yield "Lowest value", f"{lowest:g}" if lowest is not None else ""
    yield "Highest value", f"{highest:g}" if highest is not None else ""
    age = getattr(plug, "max_age", None)
    yield "Maximum age of a reading", f"{age.total_seconds() / 3600:g} h" if age else ""
    yield "Metrics", ", ".join(f"`{metric}`" for metric in getattr(plug, "metrics", ()))
    if hasattr(plug, "reversible"):
        yield "Can be rolled back", "yes" if plug.reversible else "no"
        yield "Effect is measured", "yes" if plug.changes else "no, nothing is changed"
    yield "Stored encrypted", ", ".join(f"`{name}`" for name in getattr(plug, "secrets", ()))
    yield "Source", f"`{type(plug).__module__}`"


def _options(form: type[forms.Form] | None) -> str:
    fields: Mapping[str, forms.Field] = form.base_fields if form else {}
    rows = [
        f"| `{name}` | {'yes' if field.required else 'no'} | {_plain(field.label or '')} | {_plain(field.help_text)} |"
        for name, field in fields.items()
    ]
    heading = ["## Options", "", "| option | required | label | |", "|---|---|---|---|"]
    return "\n".join([*heading, *rows]) if rows else ""


def _plain(text: Any) -> str:
    """One line of text that Markdown takes as it is."""
    return escape(" ".join(str(text).split())).replace("|", "&#124;")
