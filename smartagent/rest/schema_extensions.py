"""How authentication, filters and fields of our own are described in the OpenAPI document."""

from typing import Any

from django.conf import settings
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension

from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.filter_fields import TIME_HELP, TimeFilter
from smartagent.rest.token_scopes import needed_scope

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
