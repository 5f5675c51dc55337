"""Query sets of the inbox.

A snoozed notification is neither in the inbox nor counted until its time; every query compares that with `now`, so no
task has to return it.
"""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce, Left

from smartagent.kernel.scope import OwnedQuerySet


def asleep(now: datetime) -> Q:
    """The condition for notifications that are snoozed at `now`."""
    return Q(status__in=["unread", "read"], snoozed_until__gt=now)


# Characters in a list: more than ours have. Another application may have written megabytes.
MAX_LISTED_TITLE, MAX_LISTED_MESSAGE = 1_000, 20_000


class NotificationQuerySet(OwnedQuerySet):
    def addressed_to(self, user: object) -> Self:
        """The inbox of one person, whatever else they may see."""
        return self.filter(user=user)

    def in_inbox(self, now: datetime) -> Self:
        """Notifications that are neither archived nor snoozed."""
        return self.awake(now).filter(status__in=["unread", "read"])

    def unread(self, now: datetime) -> Self:
        """Unread notifications that are not snoozed."""
        return self.awake(now).filter(status="unread")

    def awake(self, now: datetime) -> Self:
        """Notifications that are not snoozed."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))

    def snoozed(self, now: datetime) -> Self:
        """Notifications that are snoozed."""
        return self.filter(asleep(now))

    def returned(self, now: datetime) -> Self:
        """Unread notifications whose snooze has ended."""
        return self.filter(status="unread", snoozed_until__lte=now)

    def of_entry(self, entry: object) -> Self:
        """Notifications of one activity entry. Compares text, since a row may hold text that is not JSON; narrow
        the rows down first."""
        return self.having("entry", str(entry))

    def having(self, name: str, *values: str) -> Self:
        """Notifications whose fact `name` is one of `values`."""
        if not values:
            return self.none()
        either = "|".join(re.escape(json.dumps(value)) for value in values)
        pattern = f"{re.escape(json.dumps(name))}: *({either})"
        return self.annotate(facts=Cast("metadata", TextField())).filter(facts__regex=pattern)

    def about(self, people: QuerySet[Any]) -> Self:
        """Those about a reading of one of `people`."""
        return self.having("person", *(str(key) for key in people.order_by().values_list("pk", flat=True)))

    def for_a_list(self) -> Self:
        """Load title and message truncated by the database; `cut_texts` puts them in place."""
        cut = {"cut_title": Left("title", MAX_LISTED_TITLE), "cut_message": Left("message", MAX_LISTED_MESSAGE)}
        return self.defer("title", "message").annotate(**cut)

    def mark_read(self, now: datetime) -> int:
        """Mark unread notifications as read, snoozed or not; return their number."""
        return self.filter(status="unread").update(status="read", read_at=now, snoozed_until=None)

    def mark_unread(self, now: datetime) -> int:
        """Mark as unread, also out of the archive and out of a snooze; return how many were changed."""
        elsewhere = self.filter(~Q(status="unread") | asleep(now))
        return elsewhere.update(status="unread", read_at=None, archived_at=None, snoozed_until=None)

    def archive(self, now: datetime) -> int:
        """Archive, which counts as read; return how many were not archived before."""
        unarchived = self.exclude(status="archived")
        return unarchived.update(
            status="archived", archived_at=now, read_at=Coalesce(F("read_at"), now), snoozed_until=None
        )

    def snooze(self, until: datetime) -> int:
        """Snooze until then, also out of the archive; they return unread. Return their number."""
        return self.update(status="unread", read_at=None, archived_at=None, snoozed_until=until)


def cut_texts(rows: Iterable[Any]) -> None:
    """Give each of `rows`, loaded by `for_a_list`, its truncated texts. Such rows are for display, never saved."""
    for row in rows:
        row.title, row.message = row.cut_title, row.cut_message
