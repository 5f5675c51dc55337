"""The OpenAPI document: what drf-spectacular derives, and what all operations share."""

from typing import Any

from django.conf import settings
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.utils import OpenApiParameter

from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest import serializers, views
from smartagent.rest.constraints import described
from smartagent.rest.deprecations import deprecation_of
from smartagent.rest.etags import IF_MATCH, IF_NONE_MATCH, VersionedMixin, VersionedThingMixin
from smartagent.rest.filter_fields import TIME_HELP, TimeFilter
from smartagent.rest.idempotency import IDEMPOTENCY_KEY
from smartagent.rest.problems import PROBLEM_TYPE, Origin, problem
from smartagent.rest.relations import EXPAND, FIELDS
from smartagent.rest.rows import EXPANDED, RowMixin
from smartagent.rest.token_scopes import needed_scope

ERROR_RESPONSES = {
    "400": ("BadRequest", "Validation error; messages by field name.",
            {"threshold_value": ["Enter a number, for example 70 or 99.5; without quotes."]}),
    "401": ("NotSignedIn", "No valid token or session.", {"detail": ["Authentication credentials were not provided."]}),
    "403": ("NotAllowed", "Your roles, or the scopes of the token, do not allow this.",
            {"detail": ["Your roles do not allow this. Ask an administrator."]}),
    "404": ("NotFound", "Not found, or no access.",
            {"detail": ["Not found, or you do not have access."]}),
    "405": ("NoSuchMethod", "Method not allowed.", {"detail": ['Method "PUT" not allowed.']}),
    "406": ("NotAcceptable", "Responses are JSON; the Accept header excludes it.",
            {"detail": ["Could not satisfy the request Accept header."]}),
    "409": ("Conflict", "Conflict with another operation.",
            {"detail": ["Another evaluation is running. Try again in a moment."]}),
    "412": ("Changed", "Somebody else has changed it since: its ETag is not that of If-Match.",
            {"detail": ["Somebody else has changed this since you read it. Read it again, and apply your change to "
                        "that."]}),
    "413": ("TooLarge", "The body is too large.", {"detail": ["The body is too large. Send it in several requests."]}),
    "415": ("UnknownMediaType", "Unsupported media type.",
            {"detail": ['Unsupported media type "text/csv" in request.']}),
    "422": ("KeyReused", "The Idempotency-Key was used with another request.",
            {"detail": ["This Idempotency-Key was used with another request. Use a new key."]}),
    "429": ("TooMany", "Too many requests; see Retry-After.",
            {"detail": ["Request was throttled."]}),
    "500": ("OurFault", "Server error.",
            {"detail": ["Server error. The error was logged; try again later."]}),
    "503": ("Incomplete", "The database schema is incomplete; the response names the missing part and its repair.",
            {"detail": ["The column status of the table notifications is missing in the database. …"]}),
}  # fmt: skip
TOO_MANY = 429
RATE_HEADERS = {
    name: {"description": text, "schema": schema}
    for name, text, schema in (
        ("Retry-After", "Seconds until the next request is answered.", {"type": "integer"}),
        ("RateLimit-Policy", "The limits: so many requests `q` in `w` seconds.", {"type": "string"}),
        ("RateLimit", "What is left of each limit: `r` requests for the next `t` seconds.", {"type": "string"}),
    )
}
COMMON_STATUSES = ("400", "401", "403", "405", "406", "429", "500", "503")
WITH_BODY = ("413", "415")
OWN_ERRORS = "x-own-errors"  # marks an operation that describes its errors itself
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
ERROR_SCHEMA = {
    "type": "object",
    "description": "Errors by field; errors of no field under `detail`.",
    "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    "minProperties": 1,
}

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Errors as problem details (RFC 9457), where `Accept` lists them.",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The documentation of this type of problem."},
        "title": {"type": "string", "description": "The same for all problems of a type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "All errors in one text."},
        "instance": {"type": "string", "format": "uri-reference", "description": "Path of the request."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string", "description": "JSON pointer into the body: `#/settings/url`."},
                    "parameter": {"type": "string", "description": "Name of a query parameter."},
                    "header": {"type": "string", "description": "Name of a header."},
                },
            },
        },
    },
}
EXAMPLE_ORIGIN = Origin("/api/rules/", True, frozenset(), frozenset())


SCOPES_HELP = "Each operation lists the scope that it needs. Scopes: " + "; ".join(TokenScope.labels) + "."


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes authentication by personal token."""

    target_class = "smartagent.accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": f"A token of a person or of a service account; create one under API tokens. {SCOPES_HELP}",
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        return {self.name: _scopes_of(auto_schema)}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes authentication by the session of a browser."""

    target_class = "smartagent.rest.rate_limits.CountedSessionAuthentication"
    name = "cookieAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class AgentTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes authentication of agents by personal token."""

    target_class = "smartagent.accounts.tokens.AgentTokenAuthentication"
    name = "agentToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http", "scheme": "bearer",
            "description": "For the addresses of agents (remote write, OTLP, InfluxDB, Alertmanager): a token; also as "
                "`Token …`, or as the password of Basic authentication with any user name.",
        }  # fmt: skip

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        return {self.name: _scopes_of(auto_schema)}


SCHEMES = (TokenScheme.name, AgentTokenScheme.name, SessionScheme.name)


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


class FiltersScheme(DjangoFilterExtension):  # type: ignore[no-untyped-call]
    """Describes filters with callable choices, such as the registered kinds."""

    target_class = "smartagent.rest.filters.Filters"
    priority = 1

    def _get_explicit_filter_choices(self, filter_field: Any) -> Any:
        choices = filter_field.extra.get("choices")
        if callable(choices):
            return [kind for kind, _ in choices()]
        return super()._get_explicit_filter_choices(filter_field)  # type: ignore[no-untyped-call]

    def _get_field_description(self, filter_field: Any, description: str | None) -> Any:
        if isinstance(filter_field, TimeFilter):
            return f"{filter_field.label.capitalize()}: {TIME_HELP[0].lower()}{TIME_HELP[1:]}"
        return super()._get_field_description(filter_field, description)  # type: ignore[no-untyped-call]


class OwnerScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describes an owner: an id, in requests also an e-mail address."""

    target_class = "smartagent.rest.fields.OwnerField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, str]:
        return {"type": "string"} | ({"format": "uuid"} if direction == "response" else {})


def _scopes_of(auto_schema: Any) -> list[str]:
    """The scope that a token needs for the operation, as the roles of a security requirement."""
    scope = needed_scope(auto_schema.method, auto_schema.view)
    return [str(scope)] if scope else []


class LinksScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describes the links of a row."""

    target_class = "smartagent.rest.rows.LinksField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Any:
        return self.target.schema()


class ExpandedScheme(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describes the objects that `expand` adds to a row."""

    target_class = "smartagent.rest.rows.ExpandedField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        described: dict[str, Any] = {
            name: {"oneOf": [auto_schema.resolve_serializer(relation.serializer_class, "response").ref,
                             {"type": "null"}]}
            for name, relation in self.target.parent.relations().items()
        }  # fmt: skip
        text = "Objects that `expand` asks for; null where there is none that you may see."
        return {"type": "object", "properties": described, "readOnly": True, "description": text}


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
    components["responses"] = {
        name: _answer(int(status), text, example) for status, (name, text, example) in ERROR_RESPONSES.items()
    }
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                if not operations[method].pop(OWN_ERRORS, False):
                    _add_errors(path, operations[method])
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


def _add_errors(path: str, operation: dict[str, Any]) -> None:
    codes = [*COMMON_STATUSES, *(WITH_BODY if "requestBody" in operation else ()), *(("404",) if "{" in path else ())]
    declared = [code for code in ("404", "409", "412", "422") if code in operation["responses"]]
    for code in sorted({*codes, *declared}):
        operation["responses"][code] = {"$ref": f"#/components/responses/{ERROR_RESPONSES[code][0]}"}


def _answer(status: int, text: str, example: dict[str, list[str]]) -> dict[str, Any]:
    schema, example_problem = {"$ref": "#/components/schemas/Error"}, problem(status, example, EXAMPLE_ORIGIN)
    content = {
        "application/json": {"schema": schema, "example": example},
        PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example_problem},
    }
    return {"description": text, "content": content} | ({"headers": RATE_HEADERS} if status == TOO_MANY else {})
