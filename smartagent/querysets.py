"""The questions that are asked of the shell's own tables."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import F

from smartagent.kernel.scope import Access, OwnedQuerySet


class TokenQuerySet(OwnedQuerySet):
    """Tokens are keys: who sees everyone's objects does not see their keys; only who administers people does."""

    def expiring(self, days: int, now: datetime) -> Self:
        """Those that expire within so many days. A rotated one is to expire, and one made for less is known to."""
        end = now + timedelta(days=days)
        soon = self.filter(expires_at__gt=now, expires_at__lte=end, replaced_by=None, user__is_active=True)
        return soon.filter(created_at__lte=F("expires_at") - timedelta(days=days))

    def _scoped(self, user: Any, access: Access) -> Self:
        if isinstance(user, AnonymousUser):
            return self.none()
        if user.has_perm("smartagent.change_user"):
            return self
        return self.filter(user=user)
