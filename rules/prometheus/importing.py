"""A file of alerting rules of Prometheus as a file of ours, with what could not be said the same way.

The format: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rules.authoring.labels import NAME
from rules.authoring.ticks import tick
from rules.prometheus.expressions import Comparison, Joined, Unsupported
from rules.prometheus.parsing import read_expression
from rules.prometheus.tokens import seconds_of
from rules.provisioning.document import VERSION, read_document
from rules.provisioning.problems import Problem, Refused
from rules.provisioning.yaml_text import load
from rules.validation import validate
from smartagent.durations import format_duration

SEVERITIES = {
    "critical": "critical", "page": "critical", "high": "high", "error": "high", "warning": "medium",
    "medium": "medium", "info": "low", "low": "low", "none": "low",
}  # fmt: skip
OPERATORS = {"==": "="}
KNOWN = ("alert", "expr", "for", "keep_firing_for", "labels", "annotations", "record")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one rule: the entry of our file and what one should know of it, or None and why it is left out."""

    name: str
    group: str
    entry: dict[str, Any] | None
    notes: list[str] = field(default_factory=list)


def import_prometheus(text: str) -> list[Imported]:
    """What becomes of each rule of `text`; Refused where that is no file of Prometheus."""
    value, _ = load(text)
    groups = value.get("groups") if isinstance(value, Mapping) else None
    if not isinstance(groups, list):
        raise Refused([Problem("A file of Prometheus has a list under “groups:”, each with a name and rules.")])
    found, uids = [], set[str]()
    for group in groups:
        found += [_unique(each, uids) for each in _group(group)]
    return found


def as_document(imported: list[Imported], source: str) -> dict[str, Any]:
    """Our file of what could be imported."""
    entries = [each.entry for each in imported if each.entry]
    return {"version": VERSION} | ({"source": source} if source else {}) | {"rules": entries}


def _group(group: Any) -> Iterator[Imported]:
    name = str(group.get("name", "")) if isinstance(group, Mapping) else ""
    rules = group.get("rules") if isinstance(group, Mapping) else None
    if not isinstance(rules, list):
        yield Imported("", name, None, ["This group has no list of rules."])
        return
    notes = _about_the_interval(group.get("interval"))
    for rule in rules:
        yield _rule(rule, name, notes)


def _about_the_interval(interval: Any) -> list[str]:
    try:
        said = seconds_of(str(interval)) if interval is not None else tick().total_seconds()
    except ValueError:
        return [f"Its interval “{interval}” cannot be read; rules here are checked every {format_duration(tick())}."]
    if said == tick().total_seconds():
        return []
    return [f"Its group is checked every {interval}; rules here are checked every {format_duration(tick())}."]


def _rule(rule: Any, group: str, about: list[str]) -> Imported:
    if not isinstance(rule, Mapping):
        return Imported("", group, None, ["It is no rule: an object with alert and expr."])
    if "record" in rule:
        return Imported(str(rule["record"]), group, None, ["It records a metric; here metrics are pushed."])
    name, notes = str(rule.get("alert") or ""), list(about)
    if not name:
        return Imported("", group, None, ["It has no name under “alert:”."])
    try:
        said = read_expression(str(rule.get("expr", "")))
        entry = {"uid": _uid(group, name), "name": name} | _described(rule, notes) | _conditions(said, notes)
        entry |= _timing(rule, notes)
    except (Unsupported, ValueError) as error:
        return Imported(name, group, None, [str(error)])
    notes += [f"“{key}” is no field of alerting rules, and is left out." for key in rule if key not in KNOWN]
    if problems := _problems(entry):
        return Imported(name, group, None, problems)
    return Imported(name, group, entry, notes)


def _conditions(said: Joined, notes: list[str]) -> dict[str, Any]:
    first, *others = [_condition(each) for each in said.comparisons]
    if others:
        notes.append("Its conditions are those of the same person here; Prometheus joins series with the same labels.")
    more = {"more_conditions": others, "match": said.match} if others else {}
    return first | more | {"action": "alert"}


def _condition(comparison: Comparison) -> dict[str, Any]:
    selector = comparison.selector
    found: dict[str, Any] = {"metric": selector.metric}
    for label, operator, value in selector.matchers:
        if (label, operator) != ("target", "="):
            raise Unsupported(
                f"The matcher {label}{operator}“{value}” has no counterpart: a series has a person and a target here. "
                'Push it with a target, and write {target="…"}.'
            )
        found |= {"target": value} if value else {}
    if selector.reducer != "last":
        found |= {"reducer": selector.reducer, "window": format_duration(timedelta(seconds=selector.window))}
    operator = OPERATORS.get(comparison.operator, comparison.operator)
    return found | {"operator": operator, "threshold": Decimal(comparison.threshold)}


def _timing(rule: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    found = {}
    for theirs, ours in (("for", "pending_for"), ("keep_firing_for", "keep_firing_for")):
        lasting = timedelta(seconds=seconds_of(str(rule.get(theirs) or "0")))
        checks = -(-lasting // tick()) * tick()
        if checks != lasting:
            notes.append(f"{theirs}: {rule[theirs]} comes to {format_duration(checks)}, a whole number of checks.")
        if checks:
            found[ours] = format_duration(checks)
    return found


def _described(rule: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    annotations, labels = (_texts(rule.get(name), notes) for name in ("annotations", "labels"))
    description = "\n".join(filter(None, (annotations.get("summary"), annotations.get("description"))))
    if "{{" in description:
        notes.append("Its texts have templates such as {{ $value }}, which stay as they are: the numbers stand beside.")
    left = [name for name in annotations if name not in ("summary", "description", "runbook_url")]
    notes += [f"The annotation {name} is left out." for name in left]
    severity = SEVERITIES.get(labels.get("severity", "").lower())
    if "severity" in labels and not severity:
        notes.append(f"The severity “{labels['severity']}” is not known here; it is medium.")
    kept = {name: value for name, value in labels.items() if NAME.fullmatch(name) and "{{" not in value}
    notes += [f"The label {name} is left out: it has a template." for name in labels.keys() - kept.keys()]
    return (
        ({"description": description} if description else {})
        | ({"severity": severity} if severity and severity != "medium" else {})
        | ({"labels": kept} if kept else {})
        | ({"runbook_url": annotations["runbook_url"]} if annotations.get("runbook_url") else {})
    )


def _texts(value: Any, notes: list[str]) -> dict[str, str]:
    if value is not None and not isinstance(value, Mapping):
        notes.append("Its labels or annotations are no object, and are left out.")
    return {str(name): str(each) for name, each in value.items()} if isinstance(value, Mapping) else {}


def _problems(entry: dict[str, Any]) -> list[str]:
    """What would be wrong with it here."""
    try:
        document = read_document({"version": VERSION, "source": "prometheus", "rules": [entry]})
    except Refused as error:
        return [str(problem) for problem in error.problems]
    wrong = validate(document.entries[0].values)
    return [f"{name}: {message}" for name, messages in wrong.items() for message in messages]


def _uid(group: str, alert: str) -> str:
    """Stable from file to file, as long as group and alert keep their names."""
    text = re.sub(r"[^A-Za-z0-9_.:/@-]+", "-", f"{group}/{alert}" if group else alert).strip("-_.:/@")
    return text[:190] or "alert"


def _unique(each: Imported, uids: set[str]) -> Imported:
    """Alerts of one name in one group get numbers, in their order."""
    if each.entry is None:
        return each
    uid, number = each.entry["uid"], 2
    while uid in uids:
        uid, number = f"{each.entry['uid']}-{number}", number + 1
    uids.add(uid)
    return Imported(each.name, each.group, each.entry | {"uid": uid}, each.notes)
