"""What can be asked of optimizations."""

from typing import Any, Self

from django.db.models import Q

from smartagent.scope import OwnedQuerySet


class OptimizationQuerySet(OwnedQuerySet):
    def proposed(self) -> Self:
        """Those that wait for somebody to decide."""
        return self.filter(status="proposed")

    def automatic(self) -> Self:
        """Those that wait for the policy: what a rule proposed that leaves it to it."""
        return self.proposed().filter(optimization_action="auto", entry_id__isnull=False)

    def beside(self, event: Any) -> Self:
        """The others of the same person that are about the same target, or about an integration that it is about."""
        integrations = event.steps.exclude(integration=None).values("integration")
        same = Q(target=event.target) | Q(steps__integration__in=integrations)
        return self.filter(same, user=event.user_id).exclude(pk=event.pk)
