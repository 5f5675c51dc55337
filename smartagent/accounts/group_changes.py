"""Creating, changing and deleting groups, each with an entry in the activity log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from smartagent.accounts.account_events import GROUP_CHANGED, GROUP_CREATED, GROUP_DELETED, log_group_event

FIXED_GROUPS = ("administrators", "auditors", "members", "operators")
APPS = ("notifications", "optimizer", "rules", "smartagent")  # whose permissions a group may give


@transaction.atomic
def create_group(name: str, permissions: Iterable[str], by: Any, now: datetime) -> Group:
    """Create a group with these permissions, as app.verb_model."""
    group: Group = Group.objects.create(name=name)
    group.permissions.set(_named(permissions))
    log_group_event(GROUP_CREATED, name, by, now, group_id=group.pk, changes=_in_words(group_facts(group)))
    return group


@transaction.atomic
def change_group(group: Group, name: str | None, permissions: Iterable[str] | None, by: Any, now: datetime) -> None:
    """Give the group another name or other permissions; None leaves them as they are."""
    before = group_facts(group)
    if permissions is not None:
        group.permissions.set(_named(permissions))
    if name is not None:
        group.name = name
        group.save(update_fields=["name"])
    after = group_facts(Group.objects.get(pk=group.pk))
    values = [
        {"field": field, "label": field, "from": before[field], "to": after[field]}
        for field in after
        if after[field] != before[field]
    ]
    if values:
        changes = f"{_in_words(before)} → {_in_words(after)}"
        log_group_event(GROUP_CHANGED, group.name, by, now, group_id=group.pk, changes=changes, values=values)


@transaction.atomic
def delete_group(group: Group, by: Any, now: datetime) -> None:
    """Delete a group; its people stay."""
    log_group_event(GROUP_DELETED, group.name, by, now, group_id=group.pk, changes=_in_words(group_facts(group)))
    group.delete()


def group_facts(group: Group) -> dict[str, Any]:
    """Name and permissions of a group as the log keeps them."""
    names = Permission.objects.filter(group=group).values_list("content_type__app_label", "codename")
    return {"name": group.name, "permissions": sorted(".".join(each) for each in names)}


def beyond(user: Any, permissions: Iterable[str]) -> list[str]:
    """Those of `permissions` that `user` cannot give, because they do not have them."""
    held = user.get_all_permissions()
    return [name for name in permissions if name not in held or name.partition(".")[0] not in APPS]


def _named(names: Iterable[str]) -> QuerySet[Permission]:
    query = Q(pk__in=[])
    for name in names:
        app, _, codename = name.partition(".")
        query |= Q(content_type__app_label=app, codename=codename)
    return Permission.objects.filter(query)


def _in_words(facts: dict[str, Any]) -> str:
    return f"{facts['name']} ({', '.join(facts['permissions']) or 'no permissions'})"
