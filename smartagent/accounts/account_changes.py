"""Creating and changing people and service accounts, each with an entry in the activity log: from what to what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from smartagent.accounts.account_events import (
    PERSON_ADDED,
    PERSON_CHANGED,
    SERVICE_ACCOUNT_CHANGED,
    SERVICE_ACCOUNT_CREATED,
    log_account_event,
)
from smartagent.models import User

MAX_SHOWN = 200  # characters of a value in the log


def account_facts(person: User) -> dict[str, str]:
    """What can be changed of an account, in words."""
    return {
        "name": person.full_name, "e-mail": person.email, "time zone": person.time_zone,
        "roles": ", ".join(sorted(person.groups.values_list("name", flat=True))) or "none",
        "active": _yes(person.is_active), "sees everyone's objects": _yes(person.is_staff),
        "superuser": _yes(person.is_superuser), "owner": str(person.owner) if person.owner else "none",
    }  # fmt: skip


def log_added(person: User, by: Any, now: datetime) -> None:
    """Log a new person or service account."""
    facts = account_facts(person)
    kind = SERVICE_ACCOUNT_CREATED if person.is_service_account else PERSON_ADDED
    log_account_event(kind, person, by, now, email=person.email, roles=facts["roles"], owner=facts["owner"])


def log_changed(before: Mapping[str, str], person: User, by: Any, now: datetime) -> None:
    """Log what differs from `before`; nothing where nothing does."""
    after = account_facts(User.objects.get(pk=person.pk))
    changes = [
        f"{name}: {before[name][:MAX_SHOWN] or 'none'} → {after[name][:MAX_SHOWN] or 'none'}"
        for name in after
        if after[name] != before[name]
    ]
    if changes:
        kind = SERVICE_ACCOUNT_CHANGED if person.is_service_account else PERSON_CHANGED
        log_account_event(kind, person, by, now, changes="; ".join(changes))


@transaction.atomic
def set_active(people: Sequence[User], active: bool, by: Any, now: datetime) -> int:
    """Activate or deactivate `people`, and log whom that changed; return the number of all."""
    User.objects.filter(pk__in=[person.pk for person in people]).update(is_active=active)
    changes = f"active: {_yes(not active)} → {_yes(active)}"
    for person in people:
        if person.is_active != active:
            log_account_event(PERSON_CHANGED, person, by, now, changes=changes)
    return len(people)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
