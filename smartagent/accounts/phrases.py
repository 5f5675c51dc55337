"""People, service accounts, groups and tokens as sentences."""

from typing import Any

from smartagent.kernel.formats import clock, counted
from smartagent.kernel.token_scopes import in_words
from smartagent.models import APIToken, User


def person_in_words(person: User) -> str:
    """`Ada: administrators, members.`; `Grafana: service account of Ada, auditors.`; `Bob: inactive, members.`"""
    account = f"service account of {person.owner}" if person.is_service_account else ""
    groups = sorted(group.name for group in person.groups.all())
    parts = [account, "" if person.is_active else "inactive", *groups]
    return f"{person}: {', '.join(filter(None, parts)) or 'no groups'}."


def group_in_words(group: Any) -> str:
    """`on-call: 3 people, 0 permissions.`"""
    permissions = counted(len(group.permissions.all()), "permission")
    return f"{group.name}: {counted(people_in(group), 'person', 'people')}, {permissions}."


def people_in(group: Any) -> int:
    """The number of people in a group, as counted with the list where it was."""
    known = getattr(group, "member_count", None)
    return int(group.user_set.count() if known is None else known)


def token_in_words(token: APIToken) -> str:
    """`telegraf (sa_3f2a…): ingest; expires 1 Jan 2027, 00:00.`"""
    ends = f"expires {clock(token.expires_at)}" if token.expires_at else "no expiry"
    return f"{token.name} ({token.prefix}…): {in_words(token.scopes)}; {ends}."
