"""The port of actions: what a rule does when it fires. One file per action, one line in RULES_ACTIONS.

`execute` gets many firings at once and does database work only, inside the transaction that also writes the outcomes:
so an action happens exactly once, or, where it raises, not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms

from rules.engine.event_kinds import EventKind
from rules.engine.series_labels import labels_of
from rules.registries import actions

if TYPE_CHECKING:
    from rules.models import AutomationRule

__all__ = [
    "Action",
    "ActionError",
    "EventKind",
    "Firing",
    "Log",
    "OptionChoices",
    "Outcome",
    "ReachedPerson",
    "actions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A rule that fires for one person, as the activity entry recorded it."""

    entry_id: UUID
    event: str
    rule_id: UUID
    rule_name: str
    owner_id: UUID
    state_id: UUID | None = None  # of the instance; a test-fire has none
    run_id: UUID | None = None  # likewise
    subject_id: UUID
    subject_name: str
    target: str
    metric: str
    value: float | None
    operator: str
    threshold: float
    severity: str
    config: dict[str, Any]
    fired_at: datetime
    now: datetime
    conditions: tuple[dict[str, Any], ...] = ()  # each condition, where the rule is not a simple one
    reason: str = ""  # the reason of the state, where the reading alone does not explain it
    verdict: str = ""  # the combined verdict
    critical: float | None = None  # the critical threshold, in an episode that has passed it
    series_aggregate: str = ""  # the aggregation of the series of a group, where the instance is one
    condition_before: Mapping[str, Any] | None = None  # the condition when it fired, where it was changed since

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the series."""
        return labels_of(self.target)

    @property
    def concerns_owner(self) -> bool:
        """Whether the reading is the owner's own."""
        return self.subject_id == self.owner_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a firing: `detail` goes into the entry's context; `error` is set where it failed."""

    detail: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ReachedPerson:
    """A person whom an action reaches, and by which ways, in words."""

    person: Any
    ways: str


@dataclass(frozen=True, slots=True)
class OptionChoices:
    """What an option is chosen from in the form of a rule, by value and label; `help` goes on after its help text."""

    choices: Sequence[tuple[str, str]]
    help: str = ""


class ActionError(Exception):
    """The action failed."""


class NoOptions(forms.Form):
    """The action has no options."""


class Action:
    """An action that a rule runs when it fires."""

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    phrase: ClassVar[str] = ""  # the action in a sentence: "alert {owner}"
    test_words: ClassVar[str] = ""  # what a test-fire does instead, where it is not the same
    result: ClassVar[str] = ""  # its success in the activity log: "alerted"
    form: ClassVar[type[forms.Form]] = NoOptions
    # Options of the old application: checked and kept, without fields of their own in the form of a rule.
    carried: ClassVar[type[forms.Form]] = NoOptions
    # Objects it creates: by the key in the detail of an outcome, their label and the name of their URL.
    leads_to: ClassVar[Mapping[str, tuple[str, str]]] = {}
    # Events it writes to the activity log besides firings: name, sentence and tone of each.
    events: ClassVar[Sequence[EventKind]] = ()
    notifies_resolved: ClassVar[bool] = (
        False  # it also runs for resolved alerts, where the option notify_resolved is on
    )

    def execute(self, firings: Sequence[Firing]) -> list[Outcome]:
        """Run the action for each firing; return an outcome for each, in the same order. Database work only."""
        raise NotImplementedError(f"{type(self).__name__} must execute().")

    def in_words(self, rule: "AutomationRule") -> str:
        """The action of `rule` in words: `alert Alice`."""
        return (self.phrase or self.label.lower()).format(owner=rule.user)

    def reaches(self, rule: "AutomationRule", now: datetime) -> list[ReachedPerson]:
        """Whom the action of `rule` would reach at `now`, firing for its owner; nobody, unless it notifies."""
        return []

    def choices(self, maker: Any) -> Mapping[str, OptionChoices]:
        """The options that `maker` chooses from a list that depends on the person."""
        return {}

    def refuse(self, config: Mapping[str, Any], owner: Any, maker: Any) -> dict[str, list[str]]:
        """The errors in the options of a rule of `owner`: what `maker` may not choose, or what does not exist."""
        return {}


class LogForm(forms.Form):
    note = forms.CharField(required=False, max_length=1000, help_text="Added to each entry in the activity log.")


class Log(Action):
    kind = "log"
    label = "Log"
    help = "Only writes an entry to the activity log."
    phrase = "write an entry to the activity log"
    result = "logged"
    form = LogForm

    def execute(self, firings: Sequence[Firing]) -> list[Outcome]:
        return [Outcome({"note": firing.config["note"]} if firing.config.get("note") else {}) for firing in firings]
