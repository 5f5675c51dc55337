"""The rows of the activity list, with the addresses that filter by their values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rules.models import ActivityEntry
from rules.models.activity_facts import MAX_FACT
from rules.search.names import plain
from rules.search.query import Term
from rules.text.context import facts_of
from rules.text.entry import action_of, result_of
from smartagent.templatetags.shown import tone, when

RESULT_TONES = {"success": "success", "failed": "danger", "pending": "info"}

if TYPE_CHECKING:
    from rules.pages.activity.change_list import ActivityChangeList


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a row: its label, the tone of it, and the addresses with it and without it, where it can be filtered
    by."""

    label: str
    tone: str = ""
    chosen: str = ""
    excluded: str = ""


NO_TEXT = Value("")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry and its values by column; its error is that of something skipped `on_purpose`, or a failure."""

    entry: ActivityEntry
    time: str
    sentence: str
    values: dict[str, Value]
    error: str
    on_purpose: bool


class Addresses:
    """The addresses that filter by a term, each made once for all rows."""

    def __init__(self, changes: "ActivityChangeList") -> None:
        self.changes = changes
        self.known: dict[tuple[str, str, str], Value] = {}

    def value(self, label: str, field: str, text: str, tone: str = "") -> Value:
        """A value that is searched for as `field:text`."""
        if len(text) > MAX_FACT:  # of another program; no search is so long
            return Value(f"{label[:MAX_FACT]}…", tone)
        if (label, field, text) not in self.known:
            term = Term(text, field)
            addresses = self.changes.with_term(term), self.changes.with_term(term.other)
            self.known[label, field, text] = Value(label, tone, *addresses)
        return self.known[label, field, text]


def rows_of(entries: list[Any], changes: "ActivityChangeList") -> list[EntryRow]:
    """The rows of `entries`, which have their sentence, event and person."""
    addresses = Addresses(changes)
    return [_row(entry, addresses) for entry in entries]


def _row(entry: Any, addresses: Addresses) -> EntryRow:
    facts = facts_of(entry)
    target, severity = str(facts.get("target") or ""), str(facts.get("severity") or "")
    values = {
        "event": addresses.value(entry.event_label, "event", plain(entry.event_label), entry.event_tone),
        "person": _person(entry.person, addresses),
        "rule": _rule(entry, facts, addresses),
        "target": addresses.value(target, "target", target) if target else NO_TEXT,
        "result": _result(entry, addresses),
        "severity": addresses.value(severity, "severity", severity, tone(severity)) if severity else NO_TEXT,
    }
    skipped = entry.status == ActivityEntry.Status.SKIPPED
    return EntryRow(entry, when(entry.created_at), entry.sentence, values, entry.error_message or "", skipped)


def _person(person: Any, addresses: Addresses) -> Value:
    return addresses.value(str(person), "person", str(person)) if person else NO_TEXT


def _rule(entry: Any, facts: Mapping[str, Any], addresses: Addresses) -> Value:
    if entry.rule and entry.sees_rule:
        return addresses.value(str(entry.rule), "rule", entry.rule.rule_name)
    return Value(str(entry.rule or facts.get("rule_name") or ""))


def _result(entry: Any, addresses: Addresses) -> Value:
    """The result of its action; nothing where there was none."""
    if not action_of(entry) and entry.status == ActivityEntry.Status.SUCCESS:
        return NO_TEXT
    return addresses.value(result_of(entry), "result", entry.status, RESULT_TONES.get(entry.status, ""))
