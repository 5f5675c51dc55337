"""Query sets of rules, states, silences, activity entries and runs."""

from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, QuerySet, When
from django.db.models.functions import Coalesce

from rules.engine.evaluated_rules import IN_FORCE, acting
from rules.engine.open_alerts import FIRES_NOW
from rules.models.activity_facts import SUBJECT
from smartagent.kernel.scope import OwnedQuerySet, has_everyone

INTERRUPTED = "The run was interrupted."
CHANGE_OF_CLOCKS = timedelta(hours=3)  # by which a change of the clocks may lengthen a window
WRITTEN_BY_AGENT = Q(run__isnull=False) | Q(executed_at__isnull=False)
LAST_END = ExpressionWrapper(
    F("ends_at") + Coalesce(F("duration"), timedelta(0)) + CHANGE_OF_CLOCKS, DateTimeField()
)  # of the windows of a silence, at the latest


class RuleQuerySet(OwnedQuerySet):
    def active(self) -> Self:
        """Active rules: not drafts, paused or disabled."""
        return self.filter(status="active")

    def in_force(self) -> Self:
        """Active rules and drafts: those that are evaluated."""
        return self.filter(IN_FORCE)

    def evaluated_for(self, owner: UUID | None, rule: UUID | None) -> Self:
        """Evaluated rules; only those of `owner`, or only `rule`, where given."""
        named = {"user": owner, "pk": rule}
        return self.filter(**{name: key for name, key in named.items() if key})


# What needs somebody most comes first: nobody has acknowledged it, its episode is bad, it is new.
UNACKNOWLEDGED_FIRST = Case(When(handling="open", then=0), default=1)
SEVERITY_RANK = Case(
    When(Q(critical=True) | Q(rule__severity="critical"), then=0),
    When(rule__severity="high", then=1),
    When(rule__severity="medium", then=2),
    default=3,
)
WORST_FIRST = (UNACKNOWLEDGED_FIRST, SEVERITY_RANK, "-since", "-id")


class StateQuerySet(OwnedQuerySet):
    owner_paths = ("rule__user",)

    def worst_first(self) -> Self:
        """Unacknowledged before acknowledged, then by severity, then the newest."""
        return self.order_by(*WORST_FIRST)

    def firing(self) -> Self:
        """Instances that fire, including recovering ones, of rules that are evaluated."""
        return self.filter(FIRES_NOW, acting("rule__"))

    def of_severity(self, severity: str) -> Self:
        """Instances whose episode has `severity`: critical past the critical threshold, else that of the rule."""
        of_rule = Q(rule__severity=severity)
        return self.filter(of_rule | Q(critical=True) if severity == "critical" else of_rule & Q(critical=False))

    def later_than(self, when: datetime) -> Self:
        """Instances that changed or acted after `when`, of rules that are evaluated."""
        later = Q(since__gt=when) | Q(last_notified_at__gt=when)
        return self.filter(later, acting("rule__"))


class SilenceQuerySet(OwnedQuerySet):
    def standing(self, now: datetime) -> Self:
        """Silences that may be active at `now` or later; for a recurring one its recurrence decides."""
        ends = Q(recurrence="", ends_at__gt=now) | ~Q(recurrence="") & Q(last_end__gt=now)
        return self.alias(last_end=LAST_END).filter(ends, Q(cancelled_at=None) | Q(cancelled_at__gt=now))

    def unreported(self) -> Self:
        """Silences that have, or may have, windows whose end is not reported yet."""
        ended = Coalesce(F("cancelled_at"), LAST_END)
        return self.filter(Q(reported_at=None) | Q(reported_at__lt=ended))

    def visible_to(self, user: Any) -> Self:
        """Own silences, and those on everyone's rules that may cover the person or a rule of theirs."""
        if isinstance(user, AnonymousUser) or has_everyone(user, "view"):
            return super().visible_to(user)
        concerns = Q(user=None) & (Q(rule=None) | Q(rule__user=user)) & (Q(person=None) | Q(person=user))
        return self.filter(Q(user=user) | concerns)


class ActivityQuerySet(OwnedQuerySet):
    def pending(self) -> Self:
        """The queue: entries whose action has not been executed."""
        return self.filter(status="pending")

    def ours(self) -> Self:
        """Entries that Smart Agent wrote: the old application writes to the same table, but does not set these columns.

        Runs are deleted after a while; `executed_at` stays.
        """
        return self.filter(WRITTEN_BY_AGENT)

    def of_others(self) -> Self:
        """Entries of the old application, or of another program."""
        return self.exclude(WRITTEN_BY_AGENT)

    def failed(self) -> Self:
        """Smart Agent's entries of failed actions, and of conditions that could not be read."""
        return self.ours().filter(status="failed")

    def about(self, people: QuerySet[Any]) -> Self:
        """Those about one of `people`."""
        keys = [str(key) for key in people.order_by().values_list("pk", flat=True)]
        return self.alias(subject=SUBJECT).filter(subject__in=keys)

    def triggered(self) -> Self:
        """Entries of instances that began to fire, and of repeats."""
        return self.filter(event_type__in=["rule_fired", "rule_repeated"])

    def since(self, when: datetime) -> Self:
        """Entries written at `when` or later."""
        return self.filter(created_at__gte=when)

    def last_day(self, now: datetime) -> Self:
        """Entries of the 24 hours before `now`."""
        return self.since(now - timedelta(hours=24))


class RunQuerySet(OwnedQuerySet):
    owner_paths = ("requested_by",)

    def by_clock(self) -> Self:
        """Scheduled runs, newest first."""
        return self.filter(trigger="schedule").order_by("-started_at", "-id")

    def unfinished(self) -> Self:
        """Runs with the status running."""
        return self.filter(outcome="running")

    def end(self, now: datetime) -> int:
        """Mark the runs as failed at `now`, with an error message; only the holder of the dispatcher's lock may do
        this."""
        return self.update(outcome="failed", finished_at=now, error_message=INTERRUPTED)

    def visible_to(self, user: Any) -> Self:
        """Scheduled runs, and the runs that the person requested."""
        if has_everyone(user, "view"):
            return self
        return self.filter(Q(trigger="schedule") | Q(requested_by=user.pk))
