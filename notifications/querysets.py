"""What can be asked of, and done with, an inbox."""

from datetime import datetime
from typing import Self

from django.db.models import F
from django.db.models.functions import Coalesce

from smartagent.scope import OwnedQuerySet


class NotificationQuerySet(OwnedQuerySet):
    def addressed_to(self, user: object) -> Self:
        """The inbox of one person, whatever else they may see."""
        return self.filter(user=user)

    def unread(self) -> Self:
        """Those nobody has read."""
        return self.filter(status="unread")

    def mark_read(self, now: datetime) -> int:
        """Mark what is unread as read; return how many were."""
        return self.filter(status="unread").update(status="read", read_at=now)

    def mark_unread(self) -> int:
        """Back to unread, out of the archive too; return how many were not."""
        return self.exclude(status="unread").update(status="unread", read_at=None, archived_at=None)

    def archive(self, now: datetime) -> int:
        """Put away what is not yet; it counts as read. Return how many were not archived."""
        unarchived = self.exclude(status="archived")
        return unarchived.update(status="archived", archived_at=now, read_at=Coalesce(F("read_at"), now))
