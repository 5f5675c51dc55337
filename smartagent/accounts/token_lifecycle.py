"""Creating, rotating and revoking tokens, each with an entry in the activity log."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from rules.models import ActivityEntry
from smartagent.accounts.account_events import (
    TOKEN_CREATED,
    TOKEN_REVOKED,
    TOKEN_ROTATED,
    account_event,
    log_account_event,
    token_facts,
)
from smartagent.accounts.tokens import issue_token
from smartagent.kernel.token_scopes import in_words
from smartagent.models import APIToken, ServiceAccount, User

DEFAULT_GRACE, MAX_GRACE = timedelta(hours=24), timedelta(days=30)
NEVER_PAST = "This time is in the past. Choose a future time, or leave the field empty."


class CannotRotate(Exception):
    """The token cannot be rotated; the message says why."""


@transaction.atomic
def create_token(
    person: User, name: str, scopes: Collection[str], expires_at: datetime | None, *, by: Any, now: datetime
) -> tuple[APIToken, str]:
    """Create a token of `person`; return its row, and the token itself, which nobody can learn again."""
    row, token = issue_token(person, name, expires_at, scopes)
    expiry = {"expires_at": expires_at.isoformat()} if expires_at else {}
    log_account_event(TOKEN_CREATED, person, by, now, **token_facts(row), scopes=in_words(row.scopes), **expiry)
    return row, token


@transaction.atomic
def rotate_token(
    row: APIToken, *, by: Any, now: datetime, grace: timedelta = DEFAULT_GRACE, expires_at: datetime | None = None
) -> tuple[APIToken, str]:
    """Create the successor of a token, which itself works on for `grace`; CannotRotate.

    The successor has the same name and scopes, and unless told otherwise the same lifetime.
    """
    old = APIToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
    if old.replaced_by_id:
        raise CannotRotate("This token was rotated before. Rotate its successor.")
    if old.expires_at and old.expires_at <= now:
        raise CannotRotate("This token has expired. Create a new token.")
    if expires_at is None and old.expires_at:
        expires_at = now + (old.expires_at - old.created_at)
    new, token = issue_token(old.user, old.name, expires_at, old.scopes)
    old.expires_at, old.replaced_by = min(filter(None, [old.expires_at, now + grace])), new
    old.save(update_fields=["expires_at", "replaced_by"])
    until = old.expires_at.isoformat()
    log_account_event(TOKEN_ROTATED, old.user, by, now, **token_facts(new), previous=old.prefix, previous_until=until)
    return new, token


def revoke_token(row: APIToken, *, by: Any, now: datetime) -> None:
    """Delete a token: it stops working at once."""
    revoke_tokens(APIToken.objects.filter(pk=row.pk), by=by, now=now)


@transaction.atomic
def revoke_tokens(tokens: QuerySet[APIToken], *, by: Any, now: datetime) -> int:
    """Delete tokens: they stop working at once. Return their number."""
    rows = list(tokens.select_related("user").order_by("pk").select_for_update(of=("self",)))
    entries = [account_event(TOKEN_REVOKED, row.user, by, now, **token_facts(row)) for row in rows]
    ActivityEntry.objects.bulk_create(entries)
    APIToken.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def held_by(user: Any) -> Q:
    """The tokens of which `user` may have the successor, with which they act as its person: their own, and for
    administrators those of service accounts."""
    return Q(user__in=[user.pk]) | Q(user__in=accounts_held_by(user))


def accounts_held_by(user: Any) -> QuerySet[ServiceAccount]:
    """The service accounts for which `user` may create tokens."""
    accounts = ServiceAccount.objects.order_by("full_name")
    return accounts if user.has_perm("smartagent.change_serviceaccount") else accounts.none()


def may_hold(user: Any, row: APIToken) -> bool:
    """Whether the token is one of those that are `held_by` the user."""
    return bool(APIToken.objects.filter(held_by(user), pk=row.pk).exists())
