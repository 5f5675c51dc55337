"""The sentences of activity entries, for lists."""

from uuid import UUID

from django.contrib.auth import get_user_model

from rules.models import ActivityEntry
from rules.text.entry import entry_in_words, outcome_in_words
from rules.text.event_names import event_label, event_tone
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.member_role import as_owner


def named_entries(entries: list[ActivityEntry]) -> list[ActivityEntry]:
    """The entries, each with sentence, result and person; the people concerned are loaded in one query."""
    ids = {entry.pk: _person(entry) for entry in entries}
    with as_owner():  # names only, of those who are in what one sees
        people = get_user_model().objects.in_bulk({person for person in ids.values() if person})
    for entry in entries:
        person = people.get(ids[entry.pk])
        entry.person = person  # type: ignore[attr-defined]
        entry.sentence = entry_in_words(entry, str(person) if person else "")  # type: ignore[attr-defined]
        entry.came_of_it = outcome_in_words(entry)  # type: ignore[attr-defined]
        entry.event_label = event_label(entry.event_type)  # type: ignore[attr-defined]
        entry.event_tone = event_tone(entry.event_type)  # type: ignore[attr-defined]
    return entries


def _person(entry: ActivityEntry) -> UUID | None:
    named = entry.context.get("person") if isinstance(entry.context, dict) else None
    return as_uuid(str(named)) if named else None
