"""Undoing changes of people, service accounts, groups and tokens."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from rules.configuration.undo_plan import (
    GONE,
    INVALID,
    KEPT_ELSEWHERE,
    NOT_ALLOWED,
    CannotUndo,
    MayNotUndo,
    RecordedChange,
    Undo,
    UndoPlan,
    check_unchanged,
    find_object,
    refuse_other_fields,
)
from smartagent.accounts.account_changes import ACCOUNT_FIELDS, account_facts, log_changed
from smartagent.accounts.events import SESSIONS_REVOKED, log_event
from smartagent.accounts.group_changes import FIXED_GROUPS, beyond, change_group, delete_group, group_facts
from smartagent.accounts.profile import OWN_FIELDS
from smartagent.accounts.token_lifecycle import revoke_token
from smartagent.kernel.formats import counted
from smartagent.models import APIToken, BrowserSession, User

NOBODY_IS_DELETED = (
    "People and service accounts are not deleted: what they own and did stays whole. Deactivate it instead."
)
REVOKED = "A revoked token does not come back, because it was not kept. Create another."
ROTATED = "The previous token ends by itself. Revoke the new one on its page."


class AccountUndo(Undo):
    """Former values are given back, roles included, within what one may change of the account."""

    sensitive = True
    permission: str

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        if change.operation != "changed":
            raise CannotUndo(NOBODY_IS_DELETED)
        accounts = User.objects.select_for_update(of=("self",)) if lock else User.objects.all()
        person = accounts.filter(pk=change.key).first()
        if person is None:
            raise CannotUndo(GONE)
        refuse_other_fields(change.changes, set(ACCOUNT_FIELDS))
        former = {each["field"]: each.get("from") for each in change.changes}
        self._check_permission(person, former, user)
        before = account_facts(person)
        for each in change.changes:
            check_unchanged(each, before[each["field"]])
        groups = _groups(former)
        _give_back(person, former, user)
        return UndoPlan(lambda: _save(person, former, groups, before, user, now))

    def _check_permission(self, person: User, former: Mapping[str, Any], user: Any) -> None:
        its_own = person.pk == user.pk and set(former) <= OWN_FIELDS
        if not user.has_perm(self.permission) and not its_own:
            raise MayNotUndo(NOT_ALLOWED)
        if (person.is_superuser or "is_superuser" in former) and not user.is_superuser and not its_own:
            raise MayNotUndo("Only superusers change superusers.")
        if person.pk == user.pk and former.get("is_active") is False:
            raise CannotUndo("You cannot deactivate yourself. Ask another administrator.")


class PersonUndo(AccountUndo):
    kind, permission = "person", "smartagent.change_user"


class ServiceAccountUndo(AccountUndo):
    kind, permission = "service account", "smartagent.change_serviceaccount"


class GroupUndo(Undo):
    """A changed group gets name and permissions back, a created one is deleted while nobody is in it."""

    kind, sensitive = "role", True

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        if not user.has_perm("smartagent.change_user"):
            raise MayNotUndo(NOT_ALLOWED)
        key = change.entry.context.get("group_id")
        group = Group.objects.filter(pk=key).first() if isinstance(key, int) else None
        if group is None or group.name in FIXED_GROUPS:
            raise CannotUndo(GONE)
        if change.operation == "created":
            if count := group.user_set.count():
                raise CannotUndo(f"{counted(count, 'person is', 'people are')} in the group by now.")
            return UndoPlan(lambda: delete_group(group, user, now))
        refuse_other_fields(change.changes, {"name", "permissions"})
        present = group_facts(group)
        for each in change.changes:
            check_unchanged(each, present[each["field"]])
        former: dict[str, Any] = {each["field"]: each.get("from") for each in change.changes}
        if some := beyond(user, former.get("permissions") or []):
            raise MayNotUndo(f"You cannot give the permission {some[0]}, because you do not have it.")
        name = former.get("name")
        if name is not None and Group.objects.filter(name__iexact=name).exclude(pk=group.pk).exists():
            raise CannotUndo(f"{INVALID}A group with this name already exists.")
        return UndoPlan(lambda: change_group(group, name, former.get("permissions"), user, now))


class TokenUndo(Undo):
    """A created token is revoked."""

    kind, sensitive = "token", True

    def plan(self, change: RecordedChange, user: Any, now: datetime, *, lock: bool) -> UndoPlan:
        if change.operation != "created":
            reasons = {"revoked": REVOKED, "rotated": ROTATED}
            raise CannotUndo(reasons.get(change.operation, KEPT_ELSEWHERE))
        token = find_object(
            APIToken.objects.select_related("user"), change.key, user, "smartagent.delete_apitoken", lock=lock
        )  # fmt: skip
        return UndoPlan(lambda: revoke_token(token, by=user, now=now))


def _groups(former: Mapping[str, Any]) -> list[Group] | None:
    """The former groups, where they changed."""
    if "groups" not in former:
        return None
    names = former["groups"] or []
    found = list(Group.objects.filter(name__in=names))
    if gone := sorted(set(names) - {group.name for group in found}):
        raise CannotUndo(f"{INVALID}there is no group {gone[0]} any more.")
    return found


def _give_back(person: User, former: Mapping[str, Any], user: Any) -> None:
    for field, value in former.items():
        if field == "owner":
            person.owner = User.objects.people().filter(pk=value, is_active=True).first() if value else None
            if person.owner is None:
                raise CannotUndo(f"{INVALID}the former owner is no active person.")
        elif field != "groups":
            setattr(person, field, value)
    untouched = {column.name for column in person._meta.fields} - set(former)
    try:
        person.full_clean(exclude=untouched)
    except ValidationError as error:
        raise CannotUndo(INVALID + " ".join(error.messages)) from None


def _save(
    person: User, former: Mapping[str, Any], groups: list[Group] | None, before: Mapping[str, Any], by: Any,
    now: datetime,
) -> None:  # fmt: skip
    if fields := [field for field in former if field != "groups"]:
        person.save(update_fields=fields)
    if groups is not None:
        person.groups.set(groups)
    if former.get("is_active") is False:
        count, _ = BrowserSession.objects.filter(user=person).delete()
        if count:
            log_event(SESSIONS_REVOKED, person, now, by=by, count=count, cause="deactivated")
    log_changed(before, person, by, now)
