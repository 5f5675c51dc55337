"""Conversion of a Prometheus rule file into a rule file of Smart Agent, with notes on every difference.

The format: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from rules.authoring.validation import validate
from rules.engine.intervals import evaluation_interval
from rules.ingest.samples import check_target
from rules.prometheus.counts import counts_of_something
from rules.prometheus.descriptions import annotations_of, described, labels_of, written_text
from rules.prometheus.documents import groups_of
from rules.prometheus.expressions import Comparison, Joined, Unsupported
from rules.prometheus.groups import group_notes
from rules.prometheus.parser import read_expression
from rules.prometheus.tokens import seconds_of
from rules.prometheus.uids import Identity, Uids
from rules.provisioning.document import VERSION, read_document
from rules.provisioning.problems import FileRefused
from smartagent.kernel.durations import format_duration, of_seconds

OPERATOR_OF_PROMETHEUS = {"==": "="}
ALERTING_RULE_KEYS = ("alert", "expr", "for", "keep_firing_for", "labels", "annotations", "record")


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of one rule: the entry of the rule file with notes, or None and the reasons why it was left out."""

    name: str
    group: str
    entry: dict[str, Any] | None
    notes: list[str] = field(default_factory=list)
    line: int = 0


def import_prometheus(text: str) -> list[Imported]:
    """The results of all rules of `text`, in all its documents; FileRefused where it is not a Prometheus rule file."""
    groups = groups_of(text)
    uids = Uids(_identities(each.value for each in groups))
    return [
        replace(each, line=group.line_of("rules", number))
        for group in groups
        for number, each in enumerate(_group(group.value, uids))
    ]


def _identities(groups: Iterable[Any]) -> Iterator[Identity]:
    """The identities of all alerts, including those that cannot be imported."""
    for group in groups:
        rules = group.get("rules") if isinstance(group, Mapping) else None
        for rule in rules if isinstance(rules, list) else []:
            if isinstance(rule, Mapping) and rule.get("alert"):
                with suppress(Unsupported):
                    labels = labels_of(group.get("labels")) | labels_of(rule.get("labels"))
                    yield _identity(rule, written_text(group.get("name")), labels)


def _identity(rule: Mapping[str, Any], group: str, labels: dict[str, str]) -> Identity:
    content = json.dumps([" ".join(written_text(rule.get("expr")).split()), labels], sort_keys=True)
    return Identity(group, written_text(rule.get("alert")), labels.get("severity", ""), content)


def as_document(imported: list[Imported], source: str) -> dict[str, Any]:
    """The rule file of all rules that could be imported; `source` names where they come from."""
    entries = [each.entry for each in imported if each.entry]
    return {"version": VERSION} | ({"source": source} if source else {}) | {"rules": entries}


def _group(group: Any, uids: Uids) -> Iterator[Imported]:
    name = written_text(group.get("name")) if isinstance(group, Mapping) else ""
    rules = group.get("rules") if isinstance(group, Mapping) else None
    if not isinstance(rules, list):
        yield Imported("", name, None, ["The group has no list of rules."])
        return
    notes, labels = group_notes(group), group.get("labels")
    for rule in rules:
        try:
            yield _rule(rule, name, labels, list(notes), uids)
        except (Unsupported, ValueError) as error:
            alert = rule.get("alert") or rule.get("record") if isinstance(rule, Mapping) else ""
            yield Imported(written_text(alert), name, None, [str(error)])


def _rule(rule: Any, group: str, group_labels: Any, notes: list[str], uids: Uids) -> Imported:
    if not isinstance(rule, Mapping):
        raise Unsupported("Not a rule: an object with alert and expr is required.")
    if "record" in rule:
        raise Unsupported("Recording rules are not supported; push the metric instead.")
    name = written_text(rule.get("alert"))
    if not name:
        raise Unsupported("The name (“alert:”) is missing.")
    labels = labels_of(group_labels) | labels_of(rule.get("labels"))
    # Taken before the expression is parsed: a rule that cannot be imported takes its uid too.
    uid = uids.of(_identity(rule, group, labels))
    parsed = read_expression(written_text(rule.get("expr")))
    entry = {"uid": uid, "name": name} | described(labels, annotations_of(rule), notes) | _conditions(parsed, notes)
    entry |= _timing(rule, notes) | {
        "no_data_policy": "resolve"
    }  # an alert whose series is gone resolves, as in Prometheus
    notes += [f"“{key}” is not a field of alerting rules; skipped." for key in rule if key not in ALERTING_RULE_KEYS]
    if problems := _problems(entry):
        return Imported(name, group, None, problems)
    return Imported(name, group, entry, notes)


def _conditions(joined: Joined, notes: list[str]) -> dict[str, Any]:
    first, *others = [_condition(each) for each in joined.comparisons]
    if len(joined.comparisons) > 1:
        notes.append("Here all conditions concern the same person; Prometheus joins series with the same labels.")
    others += counts_of_something(joined, notes)
    more = {"more_conditions": others, "match": joined.match} if others else {}
    return first | more | {"action": "alert"}


def _condition(comparison: Comparison) -> dict[str, Any]:
    selector = comparison.selector
    found: dict[str, Any] = {"metric": selector.metric}
    for label, operator, value in selector.matchers:
        if (label, operator) != ("target", "="):
            raise Unsupported(
                f"The matcher {label}{operator}“{value}” is not supported: a series has a person and a target here. "
                'Push samples with a target, and use {target="…"}.'
            )
        found |= {"target": check_target(value)} if value else {}
    if selector.reducer != "last":
        found |= {"reducer": selector.reducer, "window": _whole_seconds(selector.window)}
    operator = OPERATOR_OF_PROMETHEUS.get(comparison.operator, comparison.operator)
    return found | {"operator": operator, "threshold": comparison.threshold}


def _whole_seconds(seconds: float) -> str:
    if seconds != int(seconds):
        raise Unsupported(f"A window must be whole seconds, not {seconds:g} seconds.")
    return format_duration(of_seconds(seconds))


def _timing(rule: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    found = {}
    for theirs, ours in (("for", "pending_for"), ("keep_firing_for", "keep_firing_for")):
        text = written_text(rule.get(theirs)) or "0"
        if not isinstance(rule.get(theirs), str | None):
            raise Unsupported(f"{theirs}: not a Prometheus duration such as 1h30m.")
        try:
            lasting = of_seconds(seconds_of(text), text)
        except ValueError as error:
            raise Unsupported(f"{theirs}: {error}") from None
        checks = -(-lasting // evaluation_interval()) * evaluation_interval()
        if checks != lasting:
            notes.append(f"{theirs}: {text} was rounded up to {format_duration(checks)}, whole evaluations.")
        if checks:
            found[ours] = format_duration(checks)
    return found


def _problems(entry: dict[str, Any]) -> list[str]:
    """The validation errors of the entry."""
    try:
        document = read_document({"version": VERSION, "source": "prometheus", "rules": [entry]})
    except FileRefused as error:
        return [str(problem) for problem in error.problems]
    wrong = validate(document.entries[0].values)
    return [f"{name}: {message}" for name, messages in wrong.items() for message in messages]
