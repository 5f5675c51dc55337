"""The report of an import from Prometheus, as text and as JSON."""

from collections.abc import Iterator
from typing import Any

from rules.prometheus.imported import DEFAULT_ADDRESS, Imported, TargetSource, share_of
from rules.provisioning.plan_text import json_of


def report_lines(imported: list[Imported], target: TargetSource | None = None) -> Iterator[str]:
    """A line for each rule that differs or was left out, and the number and share of converted rules."""
    for each in imported:
        name = each.name or (f"group {each.group}" if each.group else "a rule without a name")
        if each.entry is None:
            doing = "left to the source" if each.recorded and target else "skipped"
            yield f"{name}: {doing}. {' '.join(each.notes)}{_place(each)}"
        else:
            yield from (f"{name}: {note}" for note in each.notes)
    if target and target.address:
        yield _about_address(target)
    share = share_of(imported)
    alerts = "1 alert" if share.alerts == 1 else f"{share.alerts:,} alerts"
    yield f"{share.converted:,} of {len(imported):,} converted. That is {share.percent:g} % of {alerts}."


def report_facts(imported: list[Imported], document: dict[str, Any]) -> dict[str, Any]:
    """The report as a JSON object, with the rule file."""
    share = share_of(imported)
    return {
        "document": json_of(document),
        "alerts": share.alerts, "converted": share.converted, "percent": share.percent,
        "report": [
            {
                "alert": each.name, "group": each.group, "uid": each.entry["uid"] if each.entry else None,
                "imported": each.entry is not None, "notes": each.notes,
            }
            for each in imported
        ],
    }  # fmt: skip


def _place(each: Imported) -> str:
    place = ", ".join(filter(None, [each.file, f"line {each.line}" if each.line else ""]))
    return f" ({place})" if place else ""


def _about_address(target: TargetSource) -> str:
    where = "Enter the address of yours in the file." if target.address == DEFAULT_ADDRESS else ""
    return f"The file creates the data source {target.name} with the address {target.address}. {where}".rstrip()
