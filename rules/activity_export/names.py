"""Names of rules and people, looked up for a batch of rows at once."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from rules.activity_export.memo import MAX_REMEMBERED
from rules.activity_export.rows import ExportRow
from rules.models import AutomationRule
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.member_role import as_owner


class Names:
    """What is known of rules and people, by id as text."""

    def __init__(self) -> None:
        self.rules: dict[str | None, str] = {}
        self.people: dict[str | None, str] = {}

    @as_owner()  # names only, of those who are in what one sees
    def learn(self, rows: list[ExportRow]) -> None:
        """Look up those of `rows` that are not known yet."""
        people = {row[11] for row in rows} | {row[7] for row in rows}
        _add(self.people, people, lambda keys: {
            str(person.pk): str(person)
            for person in get_user_model().objects.filter(pk__in=keys).only("full_name", "email")
        })  # fmt: skip
        rules = {row[6] for row in rows}
        _add(self.rules, rules, lambda keys: {
            str(key): name for key, name in
            AutomationRule._base_manager.filter(pk__in=keys).values_list("pk", "rule_name")
        })  # fmt: skip


def _add(known: dict[str | None, str], asked: Iterable[str | None], find: Any) -> None:
    if len(known) > MAX_REMEMBERED:
        known.clear()
    missing = {text: as_uuid(text) for text in asked if text and text not in known}
    if missing:
        found = find({key for key in missing.values() if key})
        known.update({text: found.get(str(key), "") for text, key in missing.items()})
