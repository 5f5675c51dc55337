"""Whose things a person may see and change: the one mechanism behind every list, page and API view.

A person sees and changes what they own. `view_everyone` opens everyone's things for reading, `change_everyone` for
changing; staff have both. What one may do at all with a kind of thing is Django's own model permissions.
"""

from typing import Any, ClassVar, Literal, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

Access = Literal["view", "change"]


def has_everyone(user: Any, access: Access) -> bool:
    """Say whether `user` may `access` everyone's things, not only their own."""
    if not user.is_active:
        return False
    return bool(user.is_staff or user.is_superuser or user.has_perm(f"smartagent.{access}_everyone"))


class OwnedQuerySet(models.QuerySet[Any]):
    """A QuerySet of things that somebody owns; `owner_paths` are the look-ups that lead to the owner."""

    owner_paths: ClassVar[tuple[str, ...]] = ("user",)

    def visible_to(self, user: Any) -> Self:
        """Only what `user` may see."""
        return self._scoped(user, "view")

    def changeable_by(self, user: Any) -> Self:
        """Only what `user` may change."""
        return self._scoped(user, "change")

    def _scoped(self, user: Any, access: Access) -> Self:
        if isinstance(user, AnonymousUser):
            return self.none()
        if has_everyone(user, access):
            return self
        owned = Q()
        for path in self.owner_paths:
            owned |= Q(**{path: user})
        return self.filter(owned)


class RepresentableManager(models.Manager[Any]):
    """Of a table that another application writes too: only the rows that `REPRESENTABLE` of the model lets in.

    The others are left alone; `doctor` counts them.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(self.model.REPRESENTABLE)
