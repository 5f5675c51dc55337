"""The questions that are asked of rules, states, activity and runs."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Q

from smartagent.scope import OwnedQuerySet, has_everyone


class RuleQuerySet(OwnedQuerySet):
    def active(self) -> Self:
        """Those that every tick evaluates."""
        return self.filter(status="active")


class StateQuerySet(OwnedQuerySet):
    owner_paths = ("rule__user",)

    def firing(self) -> Self:
        """Those that fire now, of rules that are evaluated."""
        return self.filter(condition="firing", rule__status="active")


class ActivityQuerySet(OwnedQuerySet):
    def pending(self) -> Self:
        """The queue: what was decided and is not yet done."""
        return self.filter(status="pending")

    def failed(self) -> Self:
        """What could not be done or read."""
        return self.filter(status="failed")

    def triggered(self) -> Self:
        """Entries into firing and repeats."""
        return self.filter(event_type__in=["rule_fired", "rule_repeated"])

    def since(self, when: datetime) -> Self:
        """Those written at `when` or later."""
        return self.filter(created_at__gte=when)

    def last_day(self, now: datetime) -> Self:
        """Those of the 24 hours before `now`."""
        return self.since(now - timedelta(hours=24))


class RunQuerySet(OwnedQuerySet):
    owner_paths = ("requested_by",)

    def by_clock(self) -> Self:
        """The ticks, newest first, without those that somebody asked for."""
        return self.filter(trigger="schedule").order_by("-started_at", "-id")

    def unfinished(self) -> Self:
        """Those that say that they are running."""
        return self.filter(outcome="running")

    def end(self, now: datetime) -> int:
        """Put down that they were ended from outside; only who holds the dispatcher's lock knows that."""
        return self.update(outcome="failed", finished_at=now, error_message="It was ended before it was finished.")

    def visible_to(self, user: Any) -> Self:
        """Scheduled runs concern everybody; runs that a person asked for, that person."""
        if has_everyone(user, "view"):
            return self
        return self.filter(Q(trigger="schedule") | Q(requested_by=user.pk))
