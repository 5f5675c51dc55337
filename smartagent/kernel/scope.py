"""Ownership: which objects a person may see and change, for every list, page and API view.

A person sees and changes their own. `view_everyone` allows to see everyone's, `change_everyone` to change them; staff
have both. Django's model permissions decide what is allowed for a kind of object at all.
"""

from typing import Any, ClassVar, Literal, Self

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q

Access = Literal["view", "change"]


def has_everyone(user: Any, access: Access) -> bool:
    """Whether `user` may `access` everyone's objects, not only their own."""
    if not user.is_active:
        return False
    return bool(user.is_staff or user.is_superuser or user.has_perm(f"smartagent.{access}_everyone"))


def everyone_sql(person: str, access: Access = "change") -> str:
    """`has_everyone` as SQL, on the row of smartagent_users with the alias `person`."""
    granted = f"""SELECT FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
        WHERE t.app_label = 'smartagent' AND p.codename = '{access}_everyone'
          AND (EXISTS (SELECT FROM smartagent_users_user_permissions h
                        WHERE h.permission_id = p.id AND h.user_id = {person}.id)
            OR EXISTS (SELECT FROM smartagent_users_groups m JOIN auth_group_permissions g USING (group_id)
                        WHERE g.permission_id = p.id AND m.user_id = {person}.id))"""
    return f"({person}.is_active AND ({person}.is_staff OR {person}.is_superuser OR EXISTS ({granted})))"


def people_visible_to(user: Any) -> models.QuerySet[Any]:
    """The people whose existence `user` may know. Every input of a person accepts these only, so no filter, search or
    message reveals other names or e-mail addresses."""
    people = get_user_model().objects.all()
    if isinstance(user, AnonymousUser):
        return people.none()
    if has_everyone(user, "view") or user.has_perm("smartagent.view_user"):
        return people
    return people.filter(pk=user.pk)


def visible_keys(user: Any, *records: models.Model | None) -> set[Any]:
    """The keys of those of `records`, of any models, that `user` may see: only these become links."""
    by_model: dict[Any, set[Any]] = {}
    for record in filter(None, records):
        by_model.setdefault(type(record), set()).add(record.pk)
    return {
        key
        for model, keys in by_model.items()
        for key in model.objects.visible_to(user).filter(pk__in=keys).order_by().values_list("pk", flat=True)
    }


def leads_to_person(model: type[models.Model], path: str) -> bool:
    """Whether the lookup `path` (`user`, `-rule__user__email`) of `model` passes a person."""
    found: Any = model
    for name in path.lstrip("-").split("__"):
        try:
            field = found._meta.get_field("pk" if name == "pk" else name)
        except (FieldDoesNotExist, AttributeError):
            return False
        found = field.related_model
        if found is get_user_model() and field.name == name:  # the bare key, `user_id`, says nothing
            return True
        if found is None:
            return False
    return False


class OwnedQuerySet(models.QuerySet[Any]):
    """A QuerySet of owned objects; `owner_paths` are the lookups of the owner."""

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


class PlatformQuerySet(models.QuerySet[Any]):
    """A QuerySet of objects without an owner: whoever may see or change this kind of object may do so with each."""

    def visible_to(self, user: Any) -> Self:
        """All of them, for everybody who is signed in."""
        return self.none() if isinstance(user, AnonymousUser) else self

    def changeable_by(self, user: Any) -> Self:
        """All of them, for everybody who is signed in."""
        return self.visible_to(user)


class RepresentableManager(models.Manager[Any]):
    """For tables that another application writes too: only rows that the model's `REPRESENTABLE` allows.

    Other rows are left unchanged; `doctor` counts them.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(self.model.REPRESENTABLE)
