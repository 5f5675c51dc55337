"""Rows that refer to other objects: their names, links, and on request the objects themselves.

Names and objects are loaded once for all rows of a response, with one query for each kind of object.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Expression, F, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils.module_loading import import_string
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from smartagent.kernel.scope import people_visible_to
from smartagent.models import User

FIELDS, EXPAND = "fields", "expand"


@dataclass(frozen=True)
class Relation:
    """A kind of object that rows refer to.

    `name` is a column, empty where a name says nothing; `serializer` a dotted path; `resource` the path below `/api/`,
    if there is one; `visible` returns the objects that a person may see, where that is not `visible_to`. With
    `is_name_public`, whoever sees the row sees the name, as on its page; else only who may see the object.
    """

    model: type[Model]
    name: str | Expression
    serializer: str
    resource: str = ""
    visible: Callable[[Any], QuerySet[Any]] | None = None
    is_name_public: bool = False

    @cached_property
    def serializer_class(self) -> Any:
        return import_string(self.serializer)

    def names(self, keys: Collection[Any], me: Any) -> dict[Any, str]:
        """The names that `me` may see, by key."""
        name = F(self.name) if isinstance(self.name, str) else self.name
        rows = self.model._base_manager.all() if self.is_name_public else self._seen_by(me)
        return dict(rows.filter(pk__in=keys).values_list("pk", Cast(name, TextField())))

    def objects(self, keys: Collection[Any], me: Any) -> dict[Any, Any]:
        """Those of the objects that `me` may see, by key."""
        return {each.pk: each for each in self._seen_by(me).filter(pk__in=keys)}

    def _seen_by(self, me: Any) -> QuerySet[Any]:
        model: Any = self.model
        found: QuerySet[Any] = self.visible(me) if self.visible else model._default_manager.visible_to(me)
        return found


class PersonInShortSerializer(serializers.Serializer[Any]):
    """A person."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="get_full_name", help_text="Full name, or else the e-mail address.")
    email = serializers.EmailField()


PERSON = Relation(
    User, Coalesce(NullIf(F("full_name"), Value("")), F("email"), output_field=TextField()),
    "smartagent.rest.relations.PersonInShortSerializer", resource="people", visible=people_visible_to,
    is_name_public=True,
)  # fmt: skip


class RelatedObjects:
    """The names and objects that the rows of one response refer to."""

    def __init__(self, me: Any) -> None:
        self.me = me
        # By the id of the relation, which is made once, and by key.
        self._names: dict[int, dict[Any, Any]] = {}
        self._objects: dict[int, dict[Any, Any]] = {}

    def load(self, relations: Mapping[str, Relation], rows: Iterable[Any], expand: Collection[str] = ()) -> None:
        """Load what `rows` refer to by the fields in `relations`; a query for each kind that is not known yet."""
        rows = list(rows)
        named = {name: relation for name, relation in relations.items() if relation.name}
        for name, relation in named.items():
            self._names.setdefault(id(relation), {}).update(_names_at_hand(rows, name, relation))
        self._fill(self._names, named, rows, lambda relation, keys: relation.names(keys, self.me))
        wanted = {name: relation for name, relation in relations.items() if name in expand}
        self._fill(self._objects, wanted, rows, lambda relation, keys: relation.objects(keys, self.me))
        for relation in wanted.values():
            if nested := getattr(relation.serializer_class, "relations", None):
                self.load(nested(), filter(None, self._objects[id(relation)].values()))

    def name(self, relation: Relation, key: Any) -> str | None:
        """The name of an object; None where it does not exist (any more)."""
        return self._names.get(id(relation), {}).get(key)

    def object(self, relation: Relation, key: Any) -> Any:
        """An object; None where it does not exist, or the person may not see it."""
        return self._objects.get(id(relation), {}).get(key)

    def _fill(
        self, known: dict[int, dict[Any, Any]], relations: Mapping[str, Relation], rows: Sequence[Any],
        load: Callable[[Relation, set[Any]], dict[Any, Any]],
    ) -> None:  # fmt: skip
        wanted: dict[int, tuple[Relation, set[Any]]] = {}
        for name, relation in relations.items():
            keys = wanted.setdefault(id(relation), (relation, set()))[1]
            keys.update(key_of(row, name) for row in rows)
        for place, (relation, keys) in wanted.items():
            there = known.setdefault(place, {})
            if missing := keys - there.keys() - {None}:
                there |= dict.fromkeys(missing) | load(relation, missing)


def _names_at_hand(rows: Iterable[Any], name: str, relation: Relation) -> dict[Any, Any]:
    """The names of objects that were loaded with `rows`."""
    loaded = filter(None, (row._state.fields_cache.get(name) for row in rows))
    return {each.pk: getattr(each, relation.name) for each in loaded} if isinstance(relation.name, str) else {}


def key_of(row: Any, name: str) -> Any:
    """The key that `row` has in the field `name`."""
    return getattr(row, row._meta.get_field(name).attname)


def chosen(request: Request, parameter: str, valid: Collection[str]) -> list[str] | None:
    """The names in a comma-separated parameter; None without it. ValidationError names those that are not valid."""
    if parameter not in request.query_params:
        return None
    names = request.query_params[parameter].split(",")
    if unknown := [name for name in names if name not in valid]:
        known = ", ".join(valid) or "none"
        raise ValidationError({parameter: [f"“{unknown[0][:40]}” is not one of: {known}."]})
    return names
