"""The report of an import from Prometheus, as text and as JSON."""

from collections.abc import Iterator
from typing import Any

from rules.prometheus.importer import Imported
from rules.provisioning.plan_text import json_of


def report_lines(imported: list[Imported]) -> Iterator[str]:
    """A line for each rule that differs or was left out, and the number of imported rules."""
    for each in imported:
        name = each.name or (f"group {each.group}" if each.group else "a rule without a name")
        if each.entry is None:
            line = f" (line {each.line})" if each.line else ""
            yield f"{name}: skipped. {' '.join(each.notes)}{line}"
        else:
            yield from (f"{name}: {note}" for note in each.notes)
    yield f"{sum(each.entry is not None for each in imported):,} of {len(imported):,} converted."


def report_facts(imported: list[Imported], document: dict[str, Any]) -> dict[str, Any]:
    """The report as a JSON object, with the rule file."""
    return {
        "document": json_of(document),
        "report": [
            {
                "alert": each.name, "group": each.group, "uid": each.entry["uid"] if each.entry else None,
                "imported": each.entry is not None, "notes": each.notes,
            }
            for each in imported
        ],
    }  # fmt: skip
