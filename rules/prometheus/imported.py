"""The result of an import, rule by rule, and the rules file that it makes."""

from dataclasses import dataclass, field
from typing import Any

from rules.provisioning.document import VERSION

# Where Prometheus listens unless it is told otherwise: what stands in the file until the address is entered.
DEFAULT_ADDRESS = "http://localhost:9090"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSource:
    """The data source that imported rules are evaluated on. Without an address it exists already."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of one rule: the entry of the rule file with notes, or None and the reasons why it was left out.

    `query`: the metric query that the rule watches. `recorded`: a recording rule, which no alert is lost with."""

    name: str
    group: str
    entry: dict[str, Any] | None
    notes: list[str] = field(default_factory=list)
    line: int = 0
    query: dict[str, Any] | None = None
    recorded: bool = False
    file: str = ""


def as_document(imported: list[Imported], source: str, target: TargetSource | None = None) -> dict[str, Any]:
    """The rule file of all rules that could be imported; `source` names where they come from."""
    found: dict[str, Any] = {"version": VERSION} | ({"source": source} if source else {})
    if target and target.address:
        found["data_sources"] = [{"name": target.name, "address": target.address}]
    if target:
        found["queries"] = [each.query for each in imported if each.query]
    return found | {"rules": [each.entry for each in imported if each.entry]}


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the alerts were converted."""

    converted: int
    alerts: int

    @property
    def percent(self) -> float:
        return round(100 * self.converted / self.alerts, 1) if self.alerts else 100.0


def share_of(imported: list[Imported]) -> Share:
    """The share of alerts that were converted; recording rules are no alerts."""
    alerts = [each for each in imported if not each.recorded]
    return Share(sum(each.entry is not None for each in alerts), len(alerts))
