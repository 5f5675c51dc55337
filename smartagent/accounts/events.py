"""The events of signing in, in the activity log, for RULES_EVENTS: who, from which address, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rules.engine.event_kinds import EventKind, filled
from rules.models import ActivityEntry
from smartagent.kernel.command_line import actor_facts
from smartagent.models import User

SIGNED_IN, SIGN_IN_FAILED, SIGN_IN_LOCKED = "signed_in", "sign_in_failed", "sign_in_locked"
FAILURES_NOT_LISTED, PASSWORD_CHANGED = "sign_in_failures_not_listed", "password_changed"
RESET_REQUESTED, SIGNED_OUT, SESSIONS_REVOKED = "password_reset_requested", "signed_out", "sessions_revoked"

EMAIL_LINK_SENT, EMAIL_CHANGED, EMAIL_VERIFIED = "email_link_sent", "email_changed", "email_verified"
PERSON_JOINED, ROLES_GIVEN = "person_joined", "roles_given"
SECOND_FACTOR_CHANGED, RECOVERY_CODE_USED, SECOND_FACTOR_RESET = (
    "second_factor_changed", "recovery_code_used", "second_factor_reset",
)  # fmt: skip


def _from(context: Mapping[str, Any]) -> str:
    """From where: “ from 203.0.113.7 (Firefox on Linux)”."""
    address, browser = context.get("address"), context.get("browser")
    return (f" from {address}" if address else "") + (f" ({browser})" if browser else "")


def _signed_in(context: Mapping[str, Any]) -> str:
    failures = context.get("failures")
    after = f", after {failures} failed {'attempt' if failures == 1 else 'attempts'}" if failures else ""
    new = ", a browser not known before" if context.get("is_new_browser") else ""
    how = context.get("method", "password")
    return f"{context.get('by_name', 'A person')} signed in by {how}{_from(context)}{new}{after}."


def _failed(context: Mapping[str, Any]) -> str:
    account = context.get("account")
    what = f"to sign in as {account}" if account else "to sign in as somebody who has no account"
    return f"Failed attempt {what}{_from(context)}: {context.get('cause', 'wrong password')}."


def _locked(context: Mapping[str, Any]) -> str:
    account = context.get("account")
    what = f"Signing in as {account}" if account else f"Any attempt{_from(context)}"
    last = f", the last{_from(context)}" if account else ""
    return f"{what} is blocked for {context.get('wait', '?')}, after {context.get('attempts', '?')} attempts{last}."


def _revoked(context: Mapping[str, Any]) -> str:
    count, by, account = context.get("count", 1), context.get("by"), context.get("account", "?")
    whose = "of their own" if by == context.get("person") else f"of {account}"
    sessions = "1 session" if count == 1 else f"{count} sessions"
    return (
        f"{context.get('by_name', 'A person')} signed out {sessions} {whose}{_from(context)}: {context.get('cause')}."
    )


def _password_changed(context: Mapping[str, Any]) -> str:
    whose = "their password" if context.get("by") == context.get("person") else f"the password of {context['account']}"
    return f"{context.get('by_name', 'A person')} changed {whose}{_from(context)}: {context.get('cause')}."


def _by(words: str) -> Any:
    return lambda context: f"{context.get('by_name', 'A person')} {filled(words, context)}{_from(context)}."


SIGN_IN_EVENTS = (
    EventKind(kind=SIGNED_IN, label="signed in", sentence=_signed_in),
    EventKind(kind=SIGN_IN_FAILED, label="sign-in failed", sentence=_failed, tone="warning"),
    EventKind(kind=SIGN_IN_LOCKED, label="sign-in blocked", sentence=_locked, tone="danger"),
    EventKind(
        kind=FAILURES_NOT_LISTED, label="failed sign-ins not listed", tone="danger",
        sentence="{count} further failed attempts to sign in within an hour are not listed one by one.",
    ),
    EventKind(kind=RESET_REQUESTED, label="password reset requested", sentence=lambda context: (
        f"A link to set a new password was requested for {context.get('account', '?')}{_from(context)}."
    )),
    EventKind(kind=PASSWORD_CHANGED, label="password changed", sentence=_password_changed, tone="info"),
    EventKind(kind=SECOND_FACTOR_CHANGED, label="second factor changed", sentence=_by("{change}"), tone="info"),
    EventKind(
        kind=RECOVERY_CODE_USED, label="recovery code used", sentence=_by("used a recovery code, {left} left"),
        tone="warning",
    ),
    EventKind(
        kind=SECOND_FACTOR_RESET, label="second factor removed", tone="warning",
        sentence=_by("removed the second factors of {account}"),
    ),
    EventKind(kind=PERSON_JOINED, label="person joined", sentence=_by("was added by {cause}"), tone="info"),
    EventKind(
        kind=ROLES_GIVEN, label="roles given", sentence=_by("has the roles {roles} by {cause}"), tone="warning",
    ),
    EventKind(kind=EMAIL_LINK_SENT, label="e-mail link requested", sentence=_by("requested a link to {email}")),
    EventKind(kind=EMAIL_VERIFIED, label="e-mail verified", sentence=_by("verified the address {email}"), tone="info"),
    EventKind(
        kind=EMAIL_CHANGED, label="e-mail changed", sentence=_by("changed the e-mail address from {old} to {email}"),
        tone="warning",
    ),
    EventKind(kind=SIGNED_OUT, label="signed out", sentence=_by("signed out")),
    EventKind(kind=SESSIONS_REVOKED, label="sessions signed out", sentence=_revoked, tone="warning"),
)  # fmt: skip


def log_event(kind: str, person: User | None, now: datetime, *, by: Any = None, **context: Any) -> None:
    """Write an entry about `person`, or about nobody who has an account; `by` is who did it."""
    acted = actor_facts(by) if by else {}
    about = {"person": str(person.pk), "account": person.email} if person else {}
    ActivityEntry.objects.create(
        user=person, agent_name="person" if by else "smart_agent", event_type=kind, action_taken="none",
        context=about | acted | context, created_at=now, executed_at=now,
        status="failed" if kind in (SIGN_IN_FAILED, SIGN_IN_LOCKED) else "success",
    )  # fmt: skip
