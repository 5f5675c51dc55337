"""What can be asked of, and done with, an inbox.

Snoozed is what lies unread until a time: till then it is neither in the inbox nor counted, then it is there again by
itself, for every question asks for the time. No clock has to bring it back.
"""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db.models import F, Q, TextField
from django.db.models.functions import Cast, Coalesce, Left

from smartagent.kernel.scope import OwnedQuerySet


def asleep(now: datetime) -> Q:
    """What is snoozed at `now`."""
    return Q(status__in=["unread", "read"], snoozed_until__gt=now)


# Characters in a list: more than ours have. Another application may have written megabytes.
MAX_LISTED_TITLE, MAX_LISTED_MESSAGE = 1_000, 20_000


class NotificationQuerySet(OwnedQuerySet):
    def addressed_to(self, user: object) -> Self:
        """The inbox of one person, whatever else they may see."""
        return self.filter(user=user)

    def in_inbox(self, now: datetime) -> Self:
        """Those that are neither archived nor snoozed."""
        return self.awake(now).filter(status__in=["unread", "read"])

    def unread(self, now: datetime) -> Self:
        """Those nobody has read, and that are not snoozed."""
        return self.awake(now).filter(status="unread")

    def awake(self, now: datetime) -> Self:
        """Those that are not snoozed."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))

    def snoozed(self, now: datetime) -> Self:
        """Those that come back later."""
        return self.filter(asleep(now))

    def returned(self, now: datetime) -> Self:
        """Those that have come back and wait to be read."""
        return self.filter(status="unread", snoozed_until__lte=now)

    def of_entry(self, entry: object) -> Self:
        """Notifications of one activity entry. Compares text, since a row may hold text that is not JSON; narrow
        the rows down first."""
        return self.having("entry", str(entry))

    def having(self, name: str, value: str) -> Self:
        """Those in whose facts `name` is `value`."""
        pattern = f"{re.escape(json.dumps(name))}: *{re.escape(json.dumps(value))}"
        return self.annotate(facts=Cast("metadata", TextField())).filter(facts__regex=pattern)

    def for_a_list(self) -> Self:
        """With the beginnings of title and message alone, cut by the database; `cut_texts` puts them in place."""
        cut = {"cut_title": Left("title", MAX_LISTED_TITLE), "cut_message": Left("message", MAX_LISTED_MESSAGE)}
        return self.defer("title", "message").annotate(**cut)

    def mark_read(self, now: datetime) -> int:
        """Mark what is unread as read, snoozed or not; return how many were."""
        return self.filter(status="unread").update(status="read", read_at=now, snoozed_until=None)

    def mark_unread(self, now: datetime) -> int:
        """Back to unread, out of the archive and out of a snooze too; return how many were not."""
        elsewhere = self.filter(~Q(status="unread") | asleep(now))
        return elsewhere.update(status="unread", read_at=None, archived_at=None, snoozed_until=None)

    def archive(self, now: datetime) -> int:
        """Put away what is not yet; it counts as read. Return how many were not archived."""
        unarchived = self.exclude(status="archived")
        return unarchived.update(
            status="archived", archived_at=now, read_at=Coalesce(F("read_at"), now), snoozed_until=None
        )

    def snooze(self, until: datetime) -> int:
        """Put away until then, out of the archive too; then they come back, unread. Return how many they are."""
        return self.update(status="unread", read_at=None, archived_at=None, snoozed_until=until)


def cut_texts(rows: Iterable[Any]) -> None:
    """Give each of `rows`, which are `for_a_list`, the texts as they were cut. Such rows are shown, never saved."""
    for row in rows:
        row.title, row.message = row.cut_title, row.cut_message
