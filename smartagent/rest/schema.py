"""The OpenAPI document: what drf-spectacular derives, and what all operations share."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.utils import OpenApiParameter

from smartagent.rest import serializers, views
from smartagent.rest.constraints import described
from smartagent.rest.deprecations import deprecation_of
from smartagent.rest.error_responses import ERROR_SCHEMA, OWN_ERRORS, PROBLEM_SCHEMA, add_errors, described_answers
from smartagent.rest.etags import IF_MATCH, IF_NONE_MATCH, VersionedMixin, VersionedThingMixin
from smartagent.rest.idempotency import IDEMPOTENCY_KEY
from smartagent.rest.relations import EXPAND, FIELDS
from smartagent.rest.rows import EXPANDED, RowMixin
from smartagent.rest.schema_extensions import SCHEMES

ETAGS = {
    IF_MATCH: "ETag of the version that you have read: if somebody has edited it since, the answer is 412.",
    IF_NONE_MATCH: "ETag of the version that you have: if nobody has edited it since, the answer is 304.",
}
CONDITIONAL = {
    "retrieve": IF_NONE_MATCH, "update": IF_MATCH, "partial_update": IF_MATCH, "destroy": IF_MATCH,
    "GET": IF_NONE_MATCH, "PUT": IF_MATCH, "PATCH": IF_MATCH,
}  # fmt: skip
KEY_PARAMETER = OpenApiParameter(
    IDEMPOTENCY_KEY, {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Repeating the request with the same key returns the same response, and does nothing.",
)  # fmt: skip
VERBS = {"retrieve": "get", "partial_update": "update", "update": "replace", "destroy": "delete"}
METHOD_VERBS = {"GET": "get", "POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
METHODS = ("get", "post", "put", "patch", "delete")
# Classes whose docstrings are about code, and describe no operation or object that inherits them.
BASES = (
    views.StrictView, views.OwnedView, views.ReadViewSet, views.WriteViewSet, serializers.StrictSerializer,
    serializers.StrictModelSerializer, serializers.OwnedSerializer, RowMixin,
)  # fmt: skip


class Schema(AutoSchema):
    """Describes requests with `asks` of their fields and `constraints` of their serializers, conditional ones, and keys
    of idempotent ones."""

    def get_operation_id(self) -> str:
        """`rules_list`, `silences_end`: the resource and the verb, as a method of a client is named."""
        parts = [part for part in self.path.strip("/").split("/")[1:] if not part.startswith("{")]
        action = getattr(self.view, "action", None)
        if action:  # its name says more than its path
            return f"{parts[0]}_{VERBS.get(action, action)}".replace("-", "_")
        verb = "list" if self.method == "GET" and self._is_list_view() else METHOD_VERBS[self.method]
        return "_".join([*parts, verb]).replace("-", "_")

    def get_override_parameters(self) -> Any:
        given = super().get_override_parameters()
        if self.method == "POST" and isinstance(self.view, views.StrictView):
            return [*given, KEY_PARAMETER]
        given = [*given, *self._row_parameters()]
        action = getattr(self.view, "action", "") if isinstance(self.view, VersionedMixin) else ""
        name = CONDITIONAL.get(self.method if isinstance(self.view, VersionedThingMixin) else action)
        if name is None:
            return given
        return [*given, OpenApiParameter(name, str, OpenApiParameter.HEADER, description=ETAGS[name])]

    def _row_parameters(self) -> list[OpenApiParameter]:
        """`fields` and `expand`, where the view shows rows."""
        row = self.view.row_class if isinstance(self.view, views.OwnedView) else None
        if row is None:
            return []
        fields = [name for name, field in row().fields.items() if not field.write_only and name != EXPANDED]
        options: dict[str, Any] = {"style": "form", "explode": False}
        chosen = OpenApiParameter(
            FIELDS, _list_of(fields), **options,
            description="Comma-separated: only these fields, whatever else the schema requires. Default: all.",
        )  # fmt: skip
        if not row.relations():
            return [chosen]
        text = "Comma-separated: objects to add below `expanded`, by the fields that name them."
        return [chosen, OpenApiParameter(EXPAND, _list_of(list(row.relations())), **options, description=text)]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        found = super()._get_response_bodies(direction)
        names = {getattr(parameter, "name", "") for parameter in self.get_override_parameters()}
        if IDEMPOTENCY_KEY in names:
            found |= {"409": {"description": ""}, "422": {"description": ""}}
        if IF_MATCH in names:
            found["412"] = {"description": ""}
        if IF_NONE_MATCH in names:
            found["304"] = {"description": "Nobody has edited it since."}
        return found

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        asks = getattr(field, "asks", None) if direction == "request" else None
        return schema | (asks() if callable(asks) else asks) if asks else schema

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if EXPANDED in schema.get("required", []):
            schema["required"].remove(EXPANDED)
        requested = direction == "request" and not getattr(serializer, "partial", False)
        return schema | described(getattr(serializer, "constraints", ())) if requested else schema


def _list_of(names: list[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "enum": names}, "uniqueItems": True, "minItems": 1}


def classes_without_description() -> list[type]:
    """Return the classes of libraries and of this project whose docstrings describe no operation."""
    return [*get_lib_doc_excludes(), *BASES]  # type: ignore[no-untyped-call]


def without_versions(endpoints: list[Any], **_: Any) -> list[Any]:
    """Leave out the paths of a version that are there without it as well."""
    paths = {path for path, *_ in endpoints}
    return [each for each in endpoints if each[0].replace("/api/v1/", "/api/", 1) == each[0]
            or each[0].replace("/api/v1/", "/api/", 1) not in paths]  # fmt: skip


def describe_shared(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the error responses to every operation, and refuse unknown fields in all request bodies."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name, schema in schemas.items():
        if name.endswith("Request") and "properties" in schema:
            schema["additionalProperties"] = False
    schemas |= {"Error": ERROR_SCHEMA, "Problem": PROBLEM_SCHEMA}
    schemes = components.get("securitySchemes", {})  # in the order in which the page of the description asks for them
    components["securitySchemes"] = {name: schemes[name] for name in SCHEMES if name in schemes} | schemes
    components["responses"] = described_answers()
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                if not operations[method].pop(OWN_ERRORS, False):
                    add_errors(path, operations[method])
                _refuse_empty(operations[method])
                _name_scope(operations[method])
                _require_body(operations[method], schemas)
                if deprecation_of(path):
                    operations[method]["deprecated"] = True
    return result


def _name_scope(operation: dict[str, Any]) -> None:
    """Say in the description which scope a token needs."""
    scopes = {scope for each in operation.get("security", ()) for scopes in each.values() for scope in scopes}
    words = f"Scope of the token: `{'`, `'.join(sorted(scopes))}`." if scopes else ""
    operation["description"] = "\n\n".join(filter(None, [operation.get("description"), words]))


def _refuse_empty(operation: dict[str, Any]) -> None:
    """Describe query parameters as not empty, as `refuse_unknown` requires."""
    for parameter in operation.get("parameters", ()):
        schema = parameter.get("schema", {})
        if parameter["in"] == "query" and "enum" in schema:
            schema["enum"] = [each for each in schema["enum"] if each != ""]
        elif parameter["in"] == "query" and schema.get("type") == "string":
            schema.setdefault("minLength", 1)


def _require_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Describe a body as required if an empty object would be refused."""
    body = operation.get("requestBody", {"content": {}})
    for content in body["content"].values():
        schema = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], content["schema"])
        if any(word in schema for word in ("required", "oneOf", "anyOf")):
            body["required"] = True
