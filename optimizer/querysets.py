"""What can be asked of optimizations."""

from typing import Self

from smartagent.scope import OwnedQuerySet


class OptimizationQuerySet(OwnedQuerySet):
    def proposed(self) -> Self:
        """Those that wait for somebody to decide."""
        return self.filter(status="proposed")
