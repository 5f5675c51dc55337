"""The questions that are asked of rules, states, activity and runs."""

from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce

from rules.engine.evaluated_rules import IN_FORCE, acting
from rules.engine.open_alerts import FIRES_NOW
from smartagent.kernel.scope import OwnedQuerySet, has_everyone

CHANGE_OF_CLOCKS = timedelta(hours=3)  # by which a window may be longer than it says
WRITTEN_BY_AGENT = Q(run__isnull=False) | Q(executed_at__isnull=False)
LAST_END = ExpressionWrapper(
    F("ends_at") + Coalesce(F("duration"), timedelta(0)) + CHANGE_OF_CLOCKS, DateTimeField()
)  # of the windows of a silence, at the latest


class RuleQuerySet(OwnedQuerySet):
    def active(self) -> Self:
        """Those that are neither drafts, paused nor disabled."""
        return self.filter(status="active")

    def in_force(self) -> Self:
        """Active rules and drafts: those that are evaluated."""
        return self.filter(IN_FORCE)

    def evaluated_for(self, owner: UUID | None, rule: UUID | None) -> Self:
        """Those of `owner`, or that one `rule`, where they are named."""
        named = {"user": owner, "pk": rule}
        return self.filter(**{name: key for name, key in named.items() if key})


class StateQuerySet(OwnedQuerySet):
    owner_paths = ("rule__user",)

    def firing(self) -> Self:
        """Those that fire now, of rules that are evaluated; one that is recovering still does."""
        return self.filter(FIRES_NOW, acting("rule__"))

    def of_severity(self, severity: str) -> Self:
        """Those whose episode is this bad: past the second threshold it is critical, whatever the rule says."""
        of_rule = Q(rule__severity=severity)
        return self.filter(of_rule | Q(critical=True) if severity == "critical" else of_rule & Q(critical=False))

    def later_than(self, when: datetime) -> Self:
        """Those that have changed or acted after `when`, of rules that are evaluated."""
        later = Q(since__gt=when) | Q(last_notified_at__gt=when)
        return self.filter(later, acting("rule__"))


class SilenceQuerySet(OwnedQuerySet):
    def standing(self, now: datetime) -> Self:
        """Those that may be on at `now` or later; whether a recurring one is, its recurrence says."""
        ends = Q(recurrence="", ends_at__gt=now) | ~Q(recurrence="") & Q(last_end__gt=now)
        return self.alias(last_end=LAST_END).filter(ends, Q(cancelled_at=None) | Q(cancelled_at__gt=now))

    def unreported(self) -> Self:
        """Silences with windows whose end is not reported yet, or that may have some."""
        ended = Coalesce(F("cancelled_at"), LAST_END)
        return self.filter(Q(reported_at=None) | Q(reported_at__lt=ended))

    def visible_to(self, user: Any) -> Self:
        """Of those for everyone's rules, too, what concerns one: whoever wonders about the quiet may read why."""
        if isinstance(user, AnonymousUser) or has_everyone(user, "view"):
            return super().visible_to(user)
        concerns = Q(user=None) & (Q(rule=None) | Q(rule__user=user)) & (Q(person=None) | Q(person=user))
        return self.filter(Q(user=user) | concerns)


class ActivityQuerySet(OwnedQuerySet):
    def pending(self) -> Self:
        """The queue: what was decided and is not yet done."""
        return self.filter(status="pending")

    def ours(self) -> Self:
        """What Smart Agent wrote: the old application, which writes to the same table, knows neither of these columns.

        A run is deleted after a while; that an entry was executed stays.
        """
        return self.filter(WRITTEN_BY_AGENT)

    def of_others(self) -> Self:
        """What the old application, or another program, wrote."""
        return self.exclude(WRITTEN_BY_AGENT)

    def failed(self) -> Self:
        """What Smart Agent could not do or read."""
        return self.ours().filter(status="failed")

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
        """Scheduled runs, newest first."""
        return self.filter(trigger="schedule").order_by("-started_at", "-id")

    def unfinished(self) -> Self:
        """Those that say that they are running."""
        return self.filter(outcome="running")

    def end(self, now: datetime) -> int:
        """Put down that they were ended from outside; only who holds the dispatcher's lock knows that."""
        return self.update(outcome="failed", finished_at=now, error_message="The run was interrupted.")

    def visible_to(self, user: Any) -> Self:
        """Scheduled runs concern everybody; runs that a person asked for, that person."""
        if has_everyone(user, "view"):
            return self
        return self.filter(Q(trigger="schedule") | Q(requested_by=user.pk))
