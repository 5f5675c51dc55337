"""One's own muted rules, by REST."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request

from notifications.models import Mute
from notifications.routing.mutes import NoSuchRule, mute, mute_in_words
from rules.api.relations import RULE
from smartagent.rest.fields import IdField, TimeField
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.views import OwnedView


def page_of_mutes(mute: Mute) -> str:
    """The place where the muted rules of a person are listed."""
    return f"{reverse('admin:preferences')}#mutes"


class MuteSerializer(RowMixin, StrictSerializer):
    id = serializers.UUIDField(read_only=True)
    rule = IdField(source="rule_id", help_text="A rule that you may see or that has notified you.")
    rule_name = serializers.CharField(source="rule.rule_name", read_only=True)
    until = TimeField(required=False, allow_null=True, default=None, help_text="Null: until you unmute the rule.")
    created_at = TimeField(read_only=True)

    class Meta:
        resource, page, relations, sentence = "mutes", page_of_mutes, {"rule": RULE}, mute_in_words

    def validate_until(self, until: Any) -> Any:
        if until is not None and until <= timezone.now():
            raise serializers.ValidationError("This must be in the future.")
        return until

    def create(self, validated_data: Any) -> Mute:
        try:
            return mute(self.context["request"].user, validated_data["rule_id"], validated_data["until"])
        except NoSuchRule as error:
            raise serializers.ValidationError({"rule": [str(error)]}) from None


@extend_schema_view(
    list=extend_schema(summary="List my muted rules", description="Includes expired mutes."),
    retrieve=extend_schema(summary="Read a muted rule", description="One of your muted rules."),
    create=extend_schema(
        summary="Mute a rule",
        description="Notifications of the rule appear in the inbox only, until the given time or until you "
            "unmute it. For a muted rule, the end is updated.",
        examples=[
            OpenApiExample(
                "For a day", request_only=True,
                value={"rule": "7b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c11", "until": "2026-03-03T10:00:00Z"},
            )
        ],
    ),
    destroy=extend_schema(summary="Unmute a rule", description="Notifications of the rule are sent by channels again."),
)  # fmt: skip
@extend_schema(tags=["preferences"])
class MuteViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, OwnedView,
    viewsets.GenericViewSet[Any],
):  # fmt: skip
    """One's own, also for those who see everyone's things."""

    queryset = Mute.objects.select_related("rule")
    serializer_class = MuteSerializer
    ordering_fields = ("created_at",)
    lookup_value_converter = "uuid"

    def lists(self, request: Request) -> bool:
        return self.action == "list"

    def get_queryset(self) -> QuerySet[Any]:
        found = super().get_queryset()
        fake = getattr(self, "swagger_fake_view", False)
        return found if fake else found.filter(user=self.request.user).order_by("-created_at", "-id")
