"""Erasure of a person: their contact and sign-in data, readings and messages go, and entries no longer name them.

The account stays as a shell without a name, so that what others did with it keeps its place. The chain of the activity
log stays valid: see rules.audit.erasure.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from notifications.models import Channel, Delivery, Mute, Notification, Preference
from rules.audit.erasure import erase_in_entries
from rules.models import ActivityEntry, FusionScore, IngestQuota, Integration, MetricReceipt, MetricSeries, SavedView
from smartagent.accounts.account_events import PERSON_ERASED
from smartagent.kernel.command_line import actor_facts
from smartagent.models import APIToken, BrowserSession, IdempotencyKey, User

ERASED_NAME, ERASED = "Erased person", "erased"
DOMAIN = "erased.invalid"
DELETED: tuple[Any, ...] = (
    BrowserSession, APIToken, Authenticator, EmailAddress, SocialAccount, IdempotencyKey, Delivery, Notification, Mute,
    Preference, Channel, SavedView, FusionScore, Integration, MetricReceipt, IngestQuota,
)  # fmt: skip
DELETE_SAMPLES = "DELETE FROM {table} s USING metric_series q WHERE q.id = s.series_id AND q.user_id = %s"
SAMPLE_TABLES = ("metric_samples", "metric_rollups_5m", "metric_rollups_1h", "metric_rollups_1d")
ABOUT_PERSON = """l.user_id = %(person)s OR position(%(person)s::text IN l.context::text) > 0
       OR position(%(email)s IN lower(l.context::text)) > 0 OR position(%(email)s IN lower(l.error_message)) > 0"""
# The name where it is a whole value; a full name of several words also within a sentence.
TEXT = """replace(replace(regexp_replace(l.context::text, %(email_pattern)s, 'erased', 'gi'),
                          ': "' || %(name)s || '"', ': "Erased person"'), %(long_name)s, 'Erased person')::jsonb"""
CHANGE = f"""
    context = CASE WHEN jsonb_typeof(to_jsonb(l.context)) = 'object'
                   THEN {TEXT} - ARRAY['address', 'browser'] ELSE {TEXT} END,
    error_message = replace(regexp_replace(l.error_message, %(email_pattern)s, 'erased', 'gi'), %(long_error_name)s,
                            'Erased person')"""
NEVER = "\N{REPLACEMENT CHARACTER}" * 8  # where there is no name of several words to look for


class CannotErase(Exception):
    """This account cannot be erased; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased: rows that were deleted, and entries that no longer name the person."""

    rows: int
    entries: int


def refusal_of(person: User, by: Any) -> str:
    """Why the account cannot be erased; "" where it can."""
    if person.is_service_account:
        return "A service account is no person. Delete or deactivate it instead."
    if by is not None and by.pk == person.pk:
        return "You cannot erase yourself. Another administrator can."
    if person.is_superuser and not getattr(by, "is_superuser", True):  # a command has no roles
        return "Only superusers erase superusers."
    others = User.objects.people().filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if person.is_superuser and not others.exists():
        return "This is the last administrator. Make somebody else one first."
    return ""


def erase_person(person: User, by: Any, now: datetime) -> Erasure:
    """Erase the person, and log that somebody was erased; CannotErase."""
    if reason := refusal_of(person, by):
        raise CannotErase(reason)
    name, email = person.full_name, person.email
    with transaction.atomic():
        rows = _delete_rows(person)
        _empty_account(person)
        _log(person, by, now)
    entries = erase_in_entries(ABOUT_PERSON, CHANGE, _params(person, name, email), now)
    return Erasure(rows=rows, entries=entries)


def _delete_rows(person: User) -> int:
    rows = 0
    with connection.cursor() as cursor:
        for table in SAMPLE_TABLES:
            cursor.execute(DELETE_SAMPLES.format(table=table), [person.pk])
            rows += cursor.rowcount
    for model in (*DELETED, MetricSeries):
        count, _ = model._base_manager.filter(user=person).delete()
        rows += count
    return rows


def _empty_account(person: User) -> None:
    """Nobody signs in to it any more, and it has no name."""
    person.groups.clear()
    person.user_permissions.clear()
    User.objects.filter(pk=person.pk).update(
        email=f"{person.pk}@{DOMAIN}", full_name=ERASED_NAME, time_zone="UTC", password=make_password(None),
        is_active=False, is_staff=False, is_superuser=False, last_login=None,
    )  # fmt: skip


def _log(person: User, by: Any, now: datetime) -> None:
    ActivityEntry.objects.create(
        agent_name="person", event_type=PERSON_ERASED, action_taken="none", created_at=now, executed_at=now,
        context={"object": str(person.pk)} | actor_facts(by),
    )  # fmt: skip


def _params(person: User, name: str, email: str) -> Mapping[str, Any]:
    is_long = " " in name.strip()
    in_json = json.dumps(name, ensure_ascii=False)[1:-1]
    return {
        "person": str(person.pk), "email": email.lower(), "email_pattern": re.sub(r"(\W)", r"\\\1", email),
        "name": in_json or NEVER, "long_name": in_json if is_long else NEVER,
        "long_error_name": name if is_long else NEVER,
    }  # fmt: skip
