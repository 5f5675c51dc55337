"""Counts of firing alerts by their progress in an escalation policy."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery

from notifications.models import Escalation, EscalationPolicy
from rules.models import RuleState
from smartagent.kernel.formats import counted

NAMES_ONE = Q(rule__action_config__escalation__isnull=False) & ~Q(rule__action_config__escalation="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Counts of firing alerts: of rules with the policy, by progress, and of rules without any policy."""

    firing: int = 0
    acknowledged: int = 0
    snoozed: int = 0
    waiting: int = 0
    finished: int = 0
    without: int = 0  # open, and no escalation was begun for it, or it was stopped
    no_policy: int = 0

    @property
    def sentences(self) -> list[str]:
        """`15 alerts of rules with this policy are firing: 3 wait for the next step, 12 are acknowledged.`"""
        parts = [
            (self.waiting, "waits for the next step", "wait for the next step"),
            (self.finished, "has completed all steps", "have completed all steps"),
            (self.acknowledged, "is acknowledged", "are acknowledged"), (self.snoozed, "is snoozed", "are snoozed"),
            (self.without, "is open without an escalation", "are open without an escalation"),
        ]  # fmt: skip
        states = ", ".join(counted(count, one, many) for count, one, many in parts if count)
        whose = "of rules with this policy"
        if not self.firing:
            found = [f"No alert {whose} is firing."]
        else:
            found = [f"{counted(self.firing, 'alert')} {whose} "
                    f"{'is' if self.firing == 1 else 'are'} firing: {states}."]  # fmt: skip
        if self.no_policy:
            are = "alert is firing whose rule has" if self.no_policy == 1 else "alerts are firing whose rules have"
            found.append(f"{self.no_policy:,} {are} no escalation policy.")
        return found


def standing_of(policy: EscalationPolicy, user: Any) -> Standing:
    """The counts, of what `user` may see, in two statements."""
    firing = RuleState.objects.visible_to(user).firing().order_by()
    course = Escalation.objects.filter(state=OuterRef("pk"), episode=OuterRef("episode")).values("status")[:1]
    mine = firing.filter(rule__action_config__escalation=policy.name).annotate(course=Subquery(course))
    counts = mine.aggregate(
        firing=Count("pk"), acknowledged=Count("pk", filter=Q(handling="acknowledged")),
        snoozed=Count("pk", filter=Q(handling="snoozed")),
        waiting=Count("pk", filter=Q(handling="open", course="running")),
        finished=Count("pk", filter=Q(handling="open", course="finished")),
    )  # fmt: skip
    handled = sum(counts[name] for name in ("acknowledged", "snoozed", "waiting", "finished"))
    without_policy = firing.exclude(NAMES_ONE).count()
    return Standing(**counts, without=counts["firing"] - handled, no_policy=without_policy)
