"""Queries of optimizations."""

from typing import Any, Self

from django.db.models import Q

from smartagent.kernel.scope import OwnedQuerySet

OF_THIS_APP = Q(user__isnull=False) | Q(strategy__isnull=False)


class OptimizationQuerySet(OwnedQuerySet):
    def ours(self) -> Self:
        """What Smart Agent proposed; the old application writes to the same table, and names neither a person nor a
        strategy. The index of that name has the same condition."""
        return self.filter(OF_THIS_APP)

    def of_others(self) -> Self:
        """What the old application, or another program, wrote."""
        return self.exclude(OF_THIS_APP)

    def proposed(self) -> Self:
        """Those of ours that wait for somebody to decide."""
        return self.ours().filter(status="proposed")

    def automatic(self) -> Self:
        """Those that wait for the policy: what a rule proposed that leaves it to it."""
        return self.proposed().filter(optimization_action="auto", entry_id__isnull=False)

    def beside(self, event: Any) -> Self:
        """The others of the same person that are about the same target, or about an integration that it is about."""
        integrations = event.steps.exclude(integration=None).values("integration")
        same = Q(target=event.target) | Q(steps__integration__in=integrations)
        return self.filter(same, user=event.user_id).exclude(pk=event.pk)
