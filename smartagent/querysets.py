"""The questions that are asked of the shell's own tables."""

from typing import Any, Self

from django.contrib.auth.models import AnonymousUser

from smartagent.kernel.scope import Access, OwnedQuerySet


class TokenQuerySet(OwnedQuerySet):
    """Tokens are keys: who sees everyone's objects does not see their keys; only who administers people does."""

    def _scoped(self, user: Any, access: Access) -> Self:
        if isinstance(user, AnonymousUser):
            return self.none()
        if user.has_perm("smartagent.change_user"):
            return self
        return self.filter(user=user)
