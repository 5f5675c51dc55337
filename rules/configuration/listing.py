"""Changes of the configuration in the activity log, of every kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from rules.configuration.events import shown
from rules.engine.event_kinds import ANY_CONFIGURATION
from rules.models import ActivityEntry, AutomationRule
from rules.models.recorded import CHANGED, CREATED, DELETED, Recorded
from rules.registries import events
from rules.text.entry import entry_in_words
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import people_visible_to

NAMED = ("user", "person", "rule", "owner")  # fields with the key of a person or rule
OPERATIONS = {CREATED: "created", CHANGED: "changed", DELETED: "deleted"}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One value that changed; `old` and `new` are empty of a secret."""

    label: str
    old: str
    new: str
    secret: bool


def models_by_kind() -> dict[str, Any]:
    """The model of each kind whose changes are kept with their values."""
    found = {model.recorded_kind: model for model in apps.get_models() if issubclass(model, Recorded)}
    return {"rule": AutomationRule, **found}


def kind_names() -> list[str]:
    """Every kind of configuration."""
    declared = {event.configuration for event in events.declared.values()} - {"", ANY_CONFIGURATION}
    return sorted({*models_by_kind(), *declared})


def visible_changes(user: Any) -> QuerySet[ActivityEntry]:
    """The changes that `user` may see, newest first."""
    kinds = [kind for kind, event in events.declared.items() if event.configuration]
    return ActivityEntry.objects.visible_to(user).filter(event_type__in=kinds).order_by("-created_at", "-id")


def of_kind(kind: str) -> Q:
    """The changes of one kind of configuration."""
    declared = [name for name, event in events.declared.items() if event.configuration == kind]
    return Q(event_type__in=declared) | Q(event_type__in=list(OPERATIONS), context__kind=kind)


def kind_of(entry: ActivityEntry) -> str:
    """The kind of configuration that was changed."""
    event = events.find(entry.event_type)
    named = str(_facts(entry).get("kind", "")) if event is None or event.configuration == ANY_CONFIGURATION else ""
    return named or (event.configuration if event else "")


def values_of(entry: ActivityEntry) -> list[Mapping[str, Any]]:
    """The changes of an entry that are whole: other programs may have written anything there."""
    facts = _facts(entry)
    given = facts.get("values", facts.get("changes"))  # `changes` is a sentence where there are `values`
    return [
        change
        for change in (given if isinstance(given, list) else [])
        if isinstance(change, Mapping) and isinstance(change.get("field"), str)
    ]


def names_of(entries: Iterable[ActivityEntry], viewer: Any) -> dict[str, str]:
    """The names of people and rules whose keys stand in the changes, of those that `viewer` may see."""
    changes = [change for entry in entries for change in values_of(entry) if change["field"] in NAMED]
    keys = {as_uuid(str(change.get(side))) for change in changes for side in ("from", "to")} - {None}
    if not keys:
        return {}
    rules = AutomationRule.objects.visible_to(viewer).filter(pk__in=keys)
    found = [*people_visible_to(viewer).filter(pk__in=keys), *rules]
    return {str(each.pk): str(each) for each in found}


def changes_of(entry: ActivityEntry, names: Mapping[str, str] | None = None) -> list[ShownChange]:
    """What changed, value by value, keys by their `names`; empty of events that only have a sentence."""
    return [
        ShownChange(str(each.get("label", "?")), *_shown(each, names or {}), bool(each.get("secret")))
        for each in values_of(entry)
    ]


def sentence_of(entry: ActivityEntry) -> str:
    """The change as a sentence."""
    return entry_in_words(entry)


def _shown(change: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    if change.get("secret"):
        return "", ""
    # A key is shown by the name that it had then.
    old, new = (change.get(f"{side}_name", change.get(side)) for side in ("from", "to"))
    return names.get(str(old)) or shown(old), names.get(str(new)) or shown(new)


def _facts(entry: ActivityEntry) -> Mapping[str, Any]:
    return entry.context if isinstance(entry.context, Mapping) else {}
