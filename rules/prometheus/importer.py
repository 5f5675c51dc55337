"""Conversion of Prometheus rule files into a rule file of Smart Agent, with notes on every difference.

With a data source, a rule watches a metric query of it; without one, what rules can say of pushed metrics is converted.
The format: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from rules.authoring.validation import validate
from rules.engine.intervals import evaluation_interval
from rules.prometheus.annotations import IMPORTED_ACTION, message_options
from rules.prometheus.conditions import native_conditions, sourced_condition
from rules.prometheus.descriptions import annotations_of, described, labels_of, written_text
from rules.prometheus.documents import groups_of
from rules.prometheus.durations import seconds_of
from rules.prometheus.expressions import Unsupported
from rules.prometheus.groups import group_notes, other_language
from rules.prometheus.imported import Imported, TargetSource
from rules.prometheus.query_names import QueryNames
from rules.prometheus.uids import Identity, Uids
from rules.provisioning.document import VERSION, read_document
from rules.provisioning.problems import FileRefused
from smartagent.kernel.durations import format_duration, of_seconds

ALERTING_RULE_KEYS = ("alert", "expr", "for", "keep_firing_for", "labels", "annotations", "record")


def import_prometheus(text: str, target: TargetSource | None = None) -> list[Imported]:
    """The results of all rules of `text`, in all its documents; FileRefused where it is not a Prometheus rule file."""
    return import_files([("", text)], target)


def import_files(files: Iterable[tuple[str, str]], target: TargetSource | None = None) -> list[Imported]:
    """The results of all rules of several files, by name and text; FileRefused."""
    groups = [(name, group) for name, text in files for group in _groups_of(name, text)]
    identities = list(_identities(group.value for _, group in groups))
    maker = _Maker(Uids(identities), QueryNames(Uids(identities).all_of(identities)), target)
    return [
        replace(each, line=group.line_of("rules", number), file=name)
        for name, group in groups
        for number, each in enumerate(maker.group(group.value))
    ]


def _groups_of(name: str, text: str) -> list[Any]:
    try:
        return list(groups_of(text))
    except FileRefused as error:
        error.file = name
        raise


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


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the results of the rules of all groups."""

    uids: Uids
    names: QueryNames
    target: TargetSource | None

    def group(self, group: Any) -> Iterator[Imported]:
        """The results of the rules of one group."""
        name = written_text(group.get("name")) if isinstance(group, Mapping) else ""
        rules = group.get("rules") if isinstance(group, Mapping) else None
        if not isinstance(rules, list):
            yield Imported("", name, None, ["The group has no list of rules."])
            return
        refusal = other_language(group) if self.target else ""
        notes, labels = group_notes(group), group.get("labels")
        for rule in rules:
            recorded = isinstance(rule, Mapping) and "record" in rule
            try:
                if recorded:
                    raise Unsupported(_recording(self.target))
                yield self._rule(rule, name, labels, list(notes), refusal)
            except (Unsupported, ValueError) as error:
                alert = rule.get("alert") or rule.get("record") if isinstance(rule, Mapping) else ""
                yield Imported(written_text(alert), name, None, [str(error)], recorded=recorded)

    def _rule(self, rule: Any, group: str, group_labels: Any, notes: list[str], refusal: str) -> Imported:
        if not isinstance(rule, Mapping):
            raise Unsupported("Not a rule: an object with alert and expr is required.")
        name = written_text(rule.get("alert"))
        if not name:
            raise Unsupported("The name (“alert:”) is missing.")
        labels = labels_of(group_labels) | labels_of(rule.get("labels"))
        # Taken before the expression is parsed: a rule that cannot be imported takes its uid too.
        uid = self.uids.of(_identity(rule, group, labels))
        if refusal:
            raise Unsupported(refusal)
        query, conditions = self._conditions(written_text(rule.get("expr")), uid, notes)
        annotations = annotations_of(rule)
        entry = {"uid": uid, "name": name} | described(labels, annotations, notes) | conditions
        entry |= {"action": IMPORTED_ACTION}
        if options := message_options(annotations, notes):
            entry["options"] = options
        # An alert whose series is gone resolves, as in Prometheus; one of several series at its second evaluation.
        entry |= _timing(rule, notes) | {"no_data_policy": "resolve"}
        notes += [
            f"“{key}” is not a field of alerting rules; skipped." for key in rule if key not in ALERTING_RULE_KEYS
        ]
        if problems := _problems(entry):
            return Imported(name, group, None, problems)
        return Imported(name, group, entry, notes, query=query)

    def _conditions(self, text: str, uid: str, notes: list[str]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """The metric query, where there is a data source, and the conditions of the rule."""
        if self.target is None:
            return None, native_conditions(text, notes)
        metric = self.names.of(uid)
        expression, condition = sourced_condition(text, metric, notes)
        return {"name": metric, "data_source": self.target.name, "expression": expression}, condition


def _recording(target: TargetSource | None) -> str:
    if target is None:
        return "Recording rules are not supported; push the metric instead."
    return f"A recording rule is left to the data source {target.name}; alerts can use what it records."


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
