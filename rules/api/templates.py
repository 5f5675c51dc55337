"""Rule templates, as bodies for POST /api/rules/."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.serializers import RuleSerializer
from rules.authoring.templates import Template, search
from rules.text.rule import rule_in_words
from smartagent.rest.fields import JSONObjectField
from smartagent.rest.views import StrictView


class TemplateSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Key of the template.")
    group = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField(help_text="Purpose.")
    in_words = serializers.CharField(help_text="The rule in a sentence.")
    rule = JSONObjectField(help_text="Body for POST /api/rules/.")


MAX_SEARCH = 100  # characters


class TemplatesSerializer(serializers.Serializer[Any]):
    results = TemplateSerializer(many=True)


class TemplatesView(StrictView):
    needs = "rules.view_automationrule"
    parameters = ("search",)

    @extend_schema(
        tags=["rules"],
        summary="List rule templates",
        description="Rules to start from. Nothing is saved before a rule is sent to /api/rules/.",
        parameters=[
            OpenApiParameter(
                "search",
                {"type": "string", "maxLength": MAX_SEARCH},
                description="Only templates with all of these words.",
            )
        ],
        responses=TemplatesSerializer,
    )
    def get(self, request: Request) -> Response:
        words = request.query_params.get("search", "")
        if "\x00" in words:
            raise ValidationError({"search": ["Null characters are not allowed."]})
        if len(words) > MAX_SEARCH:
            raise ValidationError({"search": [f"At most {MAX_SEARCH} characters."]})
        return Response({"results": [template_as_json(template, request.user) for template in search(words)]})


def template_as_json(template: Template, user: Any) -> dict[str, Any]:
    """A template as JSON."""
    rule = template.rule(user)
    fields = RuleSerializer().fields
    body = {name: fields[name].to_representation(value) for name, value in template.fields.items()}
    return {
        "key": template.key, "group": template.group, "title": template.title, "summary": template.summary,
        "in_words": rule_in_words(rule), "rule": body,
    }  # fmt: skip
