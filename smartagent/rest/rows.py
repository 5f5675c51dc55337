"""Rows as all resources have them: names beside ids, links, and on request the objects that they refer to."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from smartagent.rest.relations import RelatedObjects, Relation, key_of

EXPANDED, LINKS, SENTENCE = "expanded", "links", "sentence"


class NameField(serializers.CharField):
    """The name of an object that the row refers to."""

    def __init__(self, relation: Relation, field: str) -> None:
        super().__init__(read_only=True, allow_null=True, help_text=f"Name of `{field}`.")
        self.relation, self.field = relation, field

    def get_attribute(self, instance: Any) -> Any:
        row: Any = self.parent
        return row.related.name(self.relation, key_of(instance, self.field))


class SentenceField(serializers.CharField):
    """The row as a sentence, as `sentence` of the row's Meta makes it."""

    def __init__(self) -> None:
        super().__init__(read_only=True, help_text="The object as a sentence.")

    def get_attribute(self, instance: Any) -> Any:
        row: Any = self.parent
        return row.Meta.sentence(instance)


class LinksField(serializers.Field):  # type: ignore[type-arg]
    """Addresses of the row, of its page, and of what belongs to it."""

    def __init__(self) -> None:
        super().__init__(read_only=True, help_text="Addresses; those of pages are for people.")

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_representation(self, value: Any) -> dict[str, str]:
        row: Any = self.parent
        request = row.context.get("request")
        base = "/api/v1/" if request is not None and request.path.startswith("/api/v1/") else "/api/"
        found = {"self": f"{base}{row.Meta.resource}/{value.pk}/"}
        if page := getattr(row.Meta, "page", ""):
            found["page"] = page(value) if callable(page) else reverse(page, args=[value.pk])
        for name, relation in row.relations().items():
            if relation.resource and (key := key_of(value, name)):
                found[name] = f"{base}{relation.resource}/{key}/"
        collections: dict[str, str] = getattr(row.Meta, "collections", {})
        found |= {name: base + address.format(value.pk, row=value) for name, address in collections.items()}
        return {name: request.build_absolute_uri(path) for name, path in found.items()} if request else found

    def schema(self) -> dict[str, Any]:
        """The field in OpenAPI."""
        row: Any = self.parent
        names = ["self", *(["page"] if getattr(row.Meta, "page", "") else [])]
        related = [name for name, relation in row.relations().items() if relation.resource]
        every = [*names, *related, *getattr(row.Meta, "collections", {})]
        address = {"type": "string", "format": "uri"}
        return {
            "type": "object", "properties": dict.fromkeys(every, address), "readOnly": True,
            "required": [*names, *getattr(row.Meta, "collections", {})],
            "description": "Addresses of this row, of its page for people, and of what belongs to it.",
        }  # fmt: skip


class ExpandedField(serializers.Field):  # type: ignore[type-arg]
    """The objects that were asked for by `expand`."""

    def __init__(self) -> None:
        super().__init__(read_only=True)

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_representation(self, value: Any) -> dict[str, Any]:
        row: Any = self.parent
        return {name: self._shown(row.relations()[name], key_of(value, name)) for name in row.expand}

    def _shown(self, relation: Relation, key: Any) -> Any:
        row: Any = self.parent
        found = row.related.object(relation, key)
        context = {name: row.context[name] for name in ("request", "related") if name in row.context}
        return relation.serializer_class(found, context=context).data if found is not None else None


class RowMixin(serializers.Serializer[Any]):
    """The base of rows of a resource.

    Its `Meta` has `resource` (the path below `/api/`), `sentence` (a function that says the row in words), and where
    there are some `page` (the name of its page's address, or a function that returns the address), `relations` (by
    field) and `collections` (addresses below `/api/` with a place for the id, or for attributes of `row`).
    """

    @classmethod
    def relations(cls) -> dict[str, Relation]:
        """The objects that rows refer to, by field."""
        found: dict[str, Relation] = getattr(cls.Meta, "relations", {})  # type: ignore[attr-defined]
        return found

    @property
    def expand(self) -> list[str]:
        """The fields whose objects were asked for."""
        found: list[str] = self.context.get("expand", [])
        return found

    @property
    def related(self) -> RelatedObjects:
        """The names and objects of this response."""
        request = self.context.get("request")
        context: Any = self.context
        found: RelatedObjects = context.setdefault("related", RelatedObjects(request.user if request else None))
        return found

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        own: dict[str, Any] = {SENTENCE: SentenceField()} if hasattr(self.Meta, SENTENCE) else {}  # type: ignore[attr-defined]
        own |= {
            f"{name}_name": NameField(relation, name) for name, relation in self.relations().items() if relation.name
        }
        own |= {LINKS: LinksField()} | ({EXPANDED: ExpandedField()} if self.relations() else {})
        return fields | {name: field for name, field in own.items() if name not in fields}

    def choose(self, names: list[str] | None) -> None:
        """Show the fields `names` only; None: all. What is expanded is shown where it was asked for."""
        for name in list(self.fields):
            unwanted = not self.expand if name == EXPANDED else names is not None and name not in names
            if unwanted:
                self.fields.pop(name)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        if any(isinstance(field, NameField | ExpandedField) for field in self._readable_fields):
            self.related.load(self.relations(), [instance], self.expand)
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.expand:
            shown.pop(EXPANDED, None)
        return shown
