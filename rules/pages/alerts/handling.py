"""The form data of handling, for one instance or many."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from rules.instances import handling
from rules.models.querysets import StateQuerySet
from rules.pages.alerts.until import chosen_until
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import people_visible_to
from smartagent.models import User
from smartagent.shell.posted_text import posted_text

MAX_HANDLING_COMMENT = 2000
MAX_ASSIGNEES = 200  # people who can be asked to look after it
HANDLING_VERBS = ("acknowledge", "snooze", "comment", "assign", "resolve", "reopen")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlingRequest:
    """One of VERBS, with end, assignee and comment where the verb has them."""

    verb: str
    comment: str = ""
    until: datetime | None = None
    person: User | None = None

    def do(self, some: StateQuerySet, me: Any, now: datetime) -> int:
        """Apply it to those of `some` that it applies to; return their number."""
        if self.verb == "acknowledge":
            return handling.acknowledge(some, me, now, self.until, self.comment)
        if self.verb == "snooze" and self.until:
            return handling.snooze(some, me, now, self.until, self.comment)
        if self.verb == "comment":
            return handling.comment_on(some, me, now, self.comment)
        if self.verb == "assign":
            return handling.assign(some, me, now, self.person, self.comment)
        if self.verb == "resolve":
            return handling.resolve(some, me, now, self.comment)
        return handling.reopen(some, me, now, self.comment)


def asked_for(request: HttpRequest, people: list[User], now: datetime) -> HandlingRequest:
    """Parse the submitted form; ValueError with the problem. `people` are the possible assignees."""
    verb, comment = request.POST.get("verb", ""), posted_text(request, "comment")
    if verb not in HANDLING_VERBS:
        raise ValueError(f"Choose one of: {', '.join(HANDLING_VERBS)}.")
    if len(comment) > MAX_HANDLING_COMMENT:
        raise ValueError(f"A comment has at most {MAX_HANDLING_COMMENT:,} characters; this one has {len(comment):,}.")
    if verb == "comment" and not comment:
        raise ValueError("Enter a comment.")
    until = _until(request, now) if verb in ("acknowledge", "snooze") else None
    person = _person(request, people) if verb == "assign" else None
    return HandlingRequest(verb=verb, comment=comment, until=until, person=person)


def colleagues(me: Any) -> list[User]:
    """Whom `me` may assign: themselves, and everybody if they may see people."""
    return list(
        people_visible_to(me)
        .filter(is_active=True)
        .order_by("full_name", "email")
        .prefetch_related("groups")[:MAX_ASSIGNEES]
    )


def _until(request: HttpRequest, now: datetime) -> datetime:
    zone = ZoneInfo(getattr(request.user, "time_zone", "") or "UTC")
    return chosen_until(request.POST, now, zone)


def _person(request: HttpRequest, people: list[User]) -> User | None:
    if not request.POST.get("person"):
        return None
    key = as_uuid(request.POST["person"])
    person = next((each for each in people if each.pk == key), None)
    if person is None:
        raise ValueError("Choose one of the people in the list.")
    return person
