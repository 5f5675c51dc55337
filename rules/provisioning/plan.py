"""The plan for a rules file: the changes it would make, by rule and field, without making them.

Two plans have the same fingerprint if they would make the same changes to the same rules.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rules.authoring.fields import WRITTEN
from rules.authoring.rule_limit import rule_limit_problems
from rules.engine.severities import severity_of
from rules.models import AutomationRule
from rules.provisioning.document import Document, Entry
from rules.provisioning.matches import Known, find
from rules.provisioning.problems import Problem
from rules.provisioning.rule_writing import written
from rules.provisioning.source_matches import find_sources, permission_problems, pruning_problems
from rules.provisioning.source_plan import SourceItem, SourcePlanner
from rules.provisioning.validation import Checks

UNNAMED = (
    "Pruning deletes rules that were in an earlier version of this file, so the file needs a unique name: add, for "
    "example, source: payments/rules.yaml below version."
)
SOURCE_LEFT = "No longer in the file. Pruning would delete it."
# In the order in which a plan shows them. `left` is no longer in the file, and stays where it is not pruned.
PLAN_KINDS = ("create", "restore", "adopt", "change", "delete", "unchanged", "left")
CHANGES = PLAN_KINDS[:5]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs, with values as in a file; None for the default."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Item:
    """The planned change of one rule. `rule` is the result, unsaved; `notes` are remarks for people."""

    kind: str
    uid: str
    rule: AutomationRule
    changes: tuple[FieldChange, ...] = ()
    notes: tuple[str, ...] = ()
    before: dict[str, Any] = field(default_factory=dict)
    was: AutomationRule | None = None

    @property
    def name(self) -> str:
        return self.rule.rule_name

    @property
    def is_new(self) -> bool:
        return self.kind == "create"


@dataclass(frozen=True)
class Plan:
    """All changes that applying a file would make, and its problems; with problems it cannot be applied."""

    source: str
    items: tuple[Item, ...]
    problems: tuple[Problem, ...] = ()
    sources: tuple[SourceItem, ...] = ()  # data sources and metric queries

    @property
    def changes(self) -> list[Item | SourceItem]:
        """The items that change something."""
        every: list[Item | SourceItem] = [*self.sources, *self.items]
        return [item for item in every if item.kind in CHANGES]

    def of(self, kind: str) -> list[Item]:
        """The items of one kind."""
        return [item for item in self.items if item.kind == kind]

    @cached_property
    def fingerprint(self) -> str:
        """A hash, equal for plans with the same changes to the same rules."""
        facts = [
            [item.kind, item.uid, str(item.rule.pk) if item.was else "", item.before, written(item.rule),
             item.was and str(item.was.deleted_at), item.was and item.was.provisioned_by]
            for item in self.items
        ]  # fmt: skip
        sources = [[item.kind, item.section, item.name, item.changes, str(item.record.pk) if item.was else ""]
                   for item in self.sources]  # fmt: skip
        text = json.dumps([self.source, facts, *([sources] if sources else [])], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return self._counts(PLAN_LABELS)

    @property
    def applied(self) -> str:
        """The counts in words, for an applied plan."""
        return self._counts(APPLIED_LABELS)

    def _counts(self, labels: Mapping[str, str]) -> str:
        counts = [f"{len(found):,} {labels[kind]}" for kind in PLAN_KINDS if (found := self.of(kind))]
        rules = ", ".join(counts) or "no rules"
        return "; ".join([*self._source_counts(labels), f"rules: {rules}"]) if self.sources else rules

    def _source_counts(self, labels: Mapping[str, str]) -> Iterator[str]:
        for section, noun in (("data_sources", "data sources"), ("queries", "queries")):
            kinds = Counter(item.kind for item in self.sources if item.section == section)
            if kinds:
                yield f"{noun}: " + ", ".join(f"{kinds[kind]:,} {labels[kind]}" for kind in PLAN_KINDS if kinds[kind])


PLAN_LABELS = {
    "create": "to create", "restore": "to restore", "adopt": "to adopt", "change": "to change", "delete": "to delete",
    "unchanged": "unchanged", "left": "no longer in the file",
}  # fmt: skip
APPLIED_LABELS = PLAN_LABELS | {
    "create": "created", "restore": "restored", "adopt": "adopted", "change": "changed", "delete": "deleted",
}  # fmt: skip


def make_plan(document: Document, user: Any, *, owner: Any = None, prune: bool = False, lock: bool = False) -> Plan:
    """Return the plan for applying `document` on behalf of `user` (None: the installation itself).

    `owner` owns rules that name no owner. With `prune`, rules of this file that are no longer in it are deleted. With
    `lock`, the rules are locked until the transaction ends.
    """
    reachable = AutomationRule.objects.all() if user is None else AutomationRule.objects.changeable_by(user)
    known = find(document, reachable, lock=lock)
    checks = Checks(user, owner or user)
    items, problems = [], []
    for entry in document.entries:
        item = _item(entry, known, document.source, checks)
        items.append(item)
        problems += checks.of(entry, item.rule, item.was, new=item.is_new, differs=bool(item.changes))
    items += [_gone(rule, "delete" if prune else "left") for rule in known.left]
    if prune:
        problems += checks.of_deleting(known.left) if document.named else [Problem(UNNAMED, ("source",))]
    if user is not None:
        problems += map(
            Problem, rule_limit_problems([item.rule for item in items if item.kind in ("create", "restore")])
        )
    sources = _sources(document, items, user, problems, prune=prune, lock=lock)
    return Plan(document.source, tuple(_in_order(items)), tuple(problems), sources)


def _sources(
    document: Document, items: list[Item], user: Any, problems: list[Problem], *, prune: bool, lock: bool
) -> tuple[SourceItem, ...]:
    """The items of data sources and queries; adds to `problems`."""
    known = find_sources(document.sources, document.source, lock=lock)
    planner = SourcePlanner(document.source, known)
    found = list(planner.items(document.sources))
    gone = {True: ("delete", ()), False: ("left", (SOURCE_LEFT,))}[prune]
    found += [SourceItem(gone[0], section, each.name, each, (), gone[1], each) for section, each in known.left]
    problems += planner.problems + permission_problems(found, user)
    if prune:
        problems += pruning_problems(known.left, [item.rule.pk for item in items if item.kind == "delete"])
    return tuple(found)


def _item(entry: Entry, known: Known, source: str, checks: Checks) -> Item:
    was = known.rules.get(entry.uid)
    rule = copy(was) if was else AutomationRule(provisioned_by=source)
    notes: list[str] = []
    values = dict(entry.values)
    owner = known.people.get(values.pop("user", ""))
    if owner or not was:
        rule.user = owner or checks.owner
    _keep_switched(values, entry, was, known, notes)
    for name, value in values.items():
        setattr(rule, name, value)
    if "severity" not in entry.given:  # as everywhere, the options of the old application name it
        rule.severity = severity_of(rule.action_config) or rule.severity
    checks.tidy_options(rule, was)
    rule.uid = entry.uid
    before = written(was) if was else {}
    changes = tuple(_differences(before, written(rule))) if rule.user_id else ()
    kind = _kind(was, source, changes)
    rule.provisioned_by, rule.deleted_at, rule.deleted_by = source, None, None
    notes += _notes(kind, was, source)
    return Item(kind, entry.uid, rule, changes, tuple(notes), before, was)


def _keep_switched(
    values: dict[str, Any], entry: Entry, was: AutomationRule | None, known: Known, notes: list[str]
) -> None:
    """Keep a status set by hand if the file has none, so that applying does not end somebody's pause."""
    if was is None or was.pk not in known.by_hand or was.deleted_at:
        return
    by_hand = known.by_hand[was.pk]
    if "status" in entry.given:
        notes.append(f"Was {by_hand}.")
    elif was.status != AutomationRule.Status.DRAFT:
        values["status"] = was.status
        notes.append(f"Was {by_hand}; kept, because the file gives no status.")


def _kind(was: AutomationRule | None, source: str, changes: tuple[FieldChange, ...]) -> str:
    if was is None:
        return "create"
    if was.deleted_at:
        return "restore"
    if was.provisioned_by != source:
        return "adopt"
    return "change" if changes else "unchanged"


def _notes(kind: str, was: AutomationRule | None, source: str) -> list[str]:
    if was and was.provisioned_by != source:
        return [needs_adoption_of(was)]
    if kind == "restore":
        return ["Restored from the recycle bin."]
    return []


def needs_adoption_of(was: AutomationRule) -> str:
    """Return why taking over `was` needs `adopt`; empty if it does not."""
    if was.provisioned_by:
        return f"Currently managed by the file {was.provisioned_by}."
    return "Deleted by hand." if was.deleted_at else "Created by hand."


def _gone(rule: AutomationRule, kind: str) -> Item:
    note = "No longer in the file. Pruning would move the rule to the recycle bin." if kind == "left" else ""
    before = written(rule)
    return Item(kind, rule.uid or str(rule.pk), rule, (), (note,) if note else (), before, rule)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterable[FieldChange]:
    for name in (each.file_name for each in WRITTEN):
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name), after.get(name))


def _in_order(items: list[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item.uid, PLAN_KINDS.index(item.kind)))
