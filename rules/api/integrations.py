"""Integrations: create, read, update, delete. Credentials are write-only."""

from typing import Any

from django.db import IntegrityError, transaction
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from psycopg.errors import UniqueViolation
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import BaseSerializer

from rules.api.serializers import IntegrationSerializer
from rules.filters import IntegrationFilter
from rules.models import Integration
from smartagent.rest.views import WriteViewSet

INTEGRATION_EXAMPLE = OpenApiExample(
    "Slack",
    value={"integration_type": "slack", "status": "active", "credentials": {"token": "xoxb-1234"}},
    request_only=True,
)


@extend_schema_view(
    list=extend_schema(summary="List integrations", description="Integrations you can access, by type."),
    retrieve=extend_schema(summary="Read an integration", description="One integration; never its credentials."),
    create=extend_schema(
        summary="Create an integration", description="One integration per type and person. Credentials are encrypted.",
        examples=[INTEGRATION_EXAMPLE],
    ),
    update=extend_schema(
        summary="Replace an integration",
        description="Omitted optional fields keep their value, including credentials.",
        examples=[INTEGRATION_EXAMPLE],
    ),
    partial_update=extend_schema(
        summary="Update an integration",
        description='Updates only the fields sent. `"credentials": null` removes them.',
        examples=[OpenApiExample("It is down", value={"status": "error"}, request_only=True)],
    ),
    destroy=extend_schema(summary="Delete an integration", description="Deletes the integration and its credentials."),
)  # fmt: skip
@extend_schema(tags=["integrations"])
class IntegrationViewSet(WriteViewSet):
    queryset = Integration.objects.select_related("user")
    serializer_class = IntegrationSerializer
    filterset_class = IntegrationFilter
    sealed_columns = ("credentials_encrypted",)
    ordering_fields = ("integration_type", "status", "created_at", "updated_at", "last_sync_at")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        _save(serializer)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        _save(serializer)


def _save(serializer: BaseSerializer[Any]) -> None:
    """Save; the database enforces uniqueness by type, also against concurrent requests."""
    try:
        with transaction.atomic():
            serializer.save()
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        text = "This person already has an integration of this type."
        raise ValidationError({"integration_type": [text]}) from error
