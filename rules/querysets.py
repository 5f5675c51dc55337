"""The questions that are asked of rules, states, activity and runs."""

from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Q

from smartagent.scope import OwnedQuerySet, has_everyone

FIRING = ["firing", "recovering"]


class RuleQuerySet(OwnedQuerySet):
    def active(self) -> Self:
        """Those that every tick evaluates."""
        return self.filter(status="active")

    def evaluated_for(self, owner: UUID | None, rule: UUID | None) -> Self:
        """Those of `owner`, or that one `rule`, where they are named."""
        named = {"user": owner, "pk": rule}
        return self.filter(**{name: key for name, key in named.items() if key})


class StateQuerySet(OwnedQuerySet):
    owner_paths = ("rule__user",)

    def firing(self) -> Self:
        """Those that fire now, of rules that are evaluated; one that is recovering still does."""
        return self.filter(condition__in=FIRING, rule__status="active", rule__user__is_active=True)

    def later_than(self, when: datetime) -> Self:
        """Those that have changed or acted after `when`, of rules that are evaluated."""
        later = Q(since__gt=when) | Q(last_notified_at__gt=when)
        return self.filter(later, rule__status="active", rule__user__is_active=True)


class SilenceQuerySet(OwnedQuerySet):
    owner_paths = ("user", "created_by")

    def standing(self, now: datetime) -> Self:
        """Those that are not over yet; whether a recurring one is on at `now` its recurrence says."""
        return self.filter(cancelled_at=None, ends_at__gt=now)


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
