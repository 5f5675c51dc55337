"""Creating and changing people and service accounts, each with an entry in the activity log: from what to what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from rules.models.recorded import encoded
from smartagent.accounts.account_events import (
    PERSON_ADDED,
    PERSON_CHANGED,
    SERVICE_ACCOUNT_CHANGED,
    SERVICE_ACCOUNT_CREATED,
    log_account_event,
)
from smartagent.models import User

MAX_SHOWN = 200  # characters of a value in the log
# What can be changed of an account, in the order of the log.
ACCOUNT_FIELDS = {
    "full_name": "name", "email": "e-mail", "time_zone": "time zone", "groups": "roles", "is_active": "active",
    "is_staff": "sees everyone's objects", "is_superuser": "superuser", "owner": "owner",
}  # fmt: skip


def account_facts(person: User) -> dict[str, Any]:
    """The fields of an account as the log keeps them: groups by name, the owner by ID."""
    facts = {name: encoded(getattr(person, name)) for name in ACCOUNT_FIELDS if name not in ("groups", "owner")}
    groups = sorted(person.groups.values_list("name", flat=True))
    return facts | {"groups": groups, "owner": encoded(person.owner_id)}


def log_added(person: User, by: Any, now: datetime) -> None:
    """Log a new person or service account."""
    facts = account_facts(person)
    kind = SERVICE_ACCOUNT_CREATED if person.is_service_account else PERSON_ADDED
    log_account_event(
        kind, person, by, now, email=person.email, roles=_words(facts["groups"]), owner=_owner(facts["owner"])
    )  # fmt: skip


def log_changed(before: Mapping[str, Any], person: User, by: Any, now: datetime) -> None:
    """Log what differs from `before`; nothing where nothing does."""
    after = account_facts(User.objects.get(pk=person.pk))
    values = [_difference(name, before[name], after[name]) for name in ACCOUNT_FIELDS if after[name] != before[name]]
    if values:
        kind = SERVICE_ACCOUNT_CHANGED if person.is_service_account else PERSON_CHANGED
        log_account_event(kind, person, by, now, changes=_sentence(values), values=values)


@transaction.atomic
def set_active(people: Sequence[User], active: bool, by: Any, now: datetime) -> int:
    """Activate or deactivate `people`, and log whom that changed; return the number of all."""
    User.objects.filter(pk__in=[person.pk for person in people]).update(is_active=active)
    values = [_difference("is_active", not active, active)]
    for person in people:
        if person.is_active != active:
            log_account_event(PERSON_CHANGED, person, by, now, changes=_sentence(values), values=values)
    return len(people)


def _difference(name: str, old: Any, new: Any) -> dict[str, Any]:
    names = {"from_name": _owner(old), "to_name": _owner(new)} if name == "owner" else {}
    return {"field": name, "label": ACCOUNT_FIELDS[name], "from": old, "to": new} | names


def _sentence(values: Sequence[Mapping[str, Any]]) -> str:
    """The changes in words: “roles: members → operators”."""
    return "; ".join(
        f"{each['label']}: {_words(each.get('from_name', each['from']))} → {_words(each.get('to_name', each['to']))}"
        for each in values
    )


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(value) if isinstance(value, list) else str(value or "")
    return text[:MAX_SHOWN] or "none"


def _owner(key: str | None) -> str:
    owner = User.objects.filter(pk=key).first() if key else None
    return str(owner) if owner else "none"
