"""Views of the activity list that people keep: a name for an address."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from smartagent.kernel.scope import OwnedQuerySet

MAX_VIEW_NAME, MAX_QUERY = 80, 2000


class SavedViewQuerySet(OwnedQuerySet):
    def offered_to(self, user: Any) -> Self:
        """Their own and shared ones, by name."""
        return self.filter(Q(user=user) | Q(shared=True)).order_by("name", "created_at")


class SavedView(models.Model):
    """`query` is that of the address. A person begins with the one that is their default."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=MAX_VIEW_NAME)
    query = models.CharField(max_length=MAX_QUERY, blank=True)
    shared = models.BooleanField(default=False, db_default=False)
    is_default = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        db_table = "activity_saved_views"
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="activity_saved_views_name"),
            models.UniqueConstraint(fields=["user"], name="activity_saved_views_default", condition=Q(is_default=True)),
        ]

    def __str__(self) -> str:
        return self.name
