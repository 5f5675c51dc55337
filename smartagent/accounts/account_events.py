"""The events of tokens and accounts in the activity log, for RULES_EVENTS. No entry has a token or a password."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.command_line import actor_facts
from smartagent.kernel.formats import clock
from smartagent.kernel.times import read_time
from smartagent.models import APIToken, User

TOKEN_CREATED, TOKEN_ROTATED, TOKEN_REVOKED = "token_created", "token_rotated", "token_revoked"
PERSON_ADDED, PERSON_CHANGED, PERSON_ERASED = "person_added", "person_changed", "person_erased"
SERVICE_ACCOUNT_CREATED, SERVICE_ACCOUNT_CHANGED = "service_account_created", "service_account_changed"
GROUP_CREATED, GROUP_CHANGED, GROUP_DELETED = "group_created", "group_changed", "group_deleted"


def _token(context: Mapping[str, Any]) -> str:
    """Which token: “the token “build server” (sa_1234abcd…) of Alice”."""
    name, prefix, person = (context.get(key, "?") for key in ("token", "prefix", "person_name"))
    whose = "" if context.get("by") == context.get("person") else f" of {person}"
    return f"the token “{name}” ({prefix}…){whose}"


def _time(context: Mapping[str, Any], name: str) -> str:
    try:
        return clock(read_time(context.get(name)))
    except ValueError:
        return "?"


def _created(context: Mapping[str, Any]) -> str:
    end = f"It expires on {_time(context, 'expires_at')}." if context.get("expires_at") else "It does not expire."
    return f"{context.get('by_name', '?')} created {_token(context)}. Scopes: {context.get('scopes', '?')}. {end}"


def _rotated(context: Mapping[str, Any]) -> str:
    old = f"the previous one works until {_time(context, 'previous_until')}"
    return f"{context.get('by_name', '?')} rotated {_token(context)}; {old}."


def _revoked(context: Mapping[str, Any]) -> str:
    return f"{context.get('by_name', '?')} revoked {_token(context)}."


def _event(kind: str, configuration: str, sentence: str) -> EventKind:
    """An event whose label is its kind in words."""
    return EventKind(kind=kind, configuration=configuration, label=kind.replace("_", " "), sentence=sentence)


ACCOUNT_EVENTS = (
    EventKind(kind=TOKEN_CREATED, configuration="token", label="token created", sentence=_created, tone="info"),
    EventKind(kind=TOKEN_ROTATED, configuration="token", label="token rotated", sentence=_rotated, tone="info"),
    EventKind(kind=TOKEN_REVOKED, configuration="token", label="token revoked", sentence=_revoked, tone="info"),
    EventKind(
        kind=PERSON_ERASED, label="person erased", sentence="{by_name} erased the data of a person.", tone="warning"
    ),
    _event(PERSON_ADDED, "person", "{by_name} added {person_name} ({email}). Roles: {roles}."),
    _event(PERSON_CHANGED, "person", "{by_name} changed {person_name}: {changes}."),
    _event(
        SERVICE_ACCOUNT_CREATED, "service account",
        "{by_name} created the service account {person_name}. Roles: {roles}. Owner: {owner}.",
    ),
    _event(
        SERVICE_ACCOUNT_CHANGED, "service account", "{by_name} changed the service account {person_name}: {changes}."
    ),
    _event(GROUP_CREATED, "role", "{by_name} created the group {changes}."),
    _event(GROUP_CHANGED, "role", "{by_name} changed the group {changes}."),
    _event(GROUP_DELETED, "role", "{by_name} deleted the group {changes}."),
)  # fmt: skip


def log_account_event(kind: str, person: User, by: Any, now: datetime, **facts: Any) -> None:
    """Write an entry about `person`, whom or whose token `by` has changed."""
    account_event(kind, person, by, now, **facts).save(force_insert=True)


def account_event(kind: str, person: User, by: Any, now: datetime, **facts: Any) -> ActivityEntry:
    """Return the same entry, unsaved."""
    about = {"person": str(person.pk), "person_name": str(person), "object": str(person.pk), "name": str(person)}
    return _entry(kind, person, by, now, about | facts)


def log_group_event(kind: str, name: str, by: Any, now: datetime, **facts: Any) -> None:
    """Write an entry about a group, which `by` has changed."""
    _entry(kind, None, by, now, {"group": name, "name": name} | facts).save(force_insert=True)


def token_facts(token: APIToken) -> dict[str, str]:
    """What an entry says of a token."""
    return {"object": str(token.pk), "name": token.name, "token": token.name, "prefix": token.prefix}


def _entry(kind: str, about: User | None, by: Any, now: datetime, facts: Mapping[str, Any]) -> ActivityEntry:
    return ActivityEntry(
        user=about, agent_name="person", event_type=kind, action_taken="none", status="success", created_at=now,
        executed_at=now, context=actor_facts(by) | dict(facts),
    )  # fmt: skip
