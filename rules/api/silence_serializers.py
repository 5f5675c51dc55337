"""Serializers of silences."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rules.api.relations import RULE
from rules.ingest.samples import METRIC_NAME
from rules.models import AutomationRule, Silence
from rules.silences.lifecycle import CREATED_FIELDS, is_over, make, revise
from rules.silences.limits import number_problem, people_of
from rules.silences.phrases import silence_in_words, state_of
from rules.silences.validation import LONGEST_LABEL, MAX_MATCHED_LABELS, MAX_SILENCE_COMMENT, silence_errors
from rules.silences.windows import upcoming
from smartagent.kernel.scope import has_everyone
from smartagent.models import User
from smartagent.rest.bulk import ItemOutcomeSerializer
from smartagent.rest.constraints import AnyFilled
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import ZONE, JSONObjectField, OwnerField, TimeField, find_person, keepable
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer

SILENCE_ENDED = "This silence has ended and cannot be changed. Create a new one."


class SomebodyField(OwnerField):
    """A person whom the caller may name, by id or e-mail; others are reported as unknown."""

    def to_internal_value(self, data: Any) -> User:
        if not isinstance(data, str) or not keepable(data):
            self.fail("invalid")
        found = find_person(data, people_of(self.context["request"].user))
        return found or self.fail("unknown", text=data[:100])


class RuleIdField(serializers.UUIDField):
    """The id of a rule."""

    def to_internal_value(self, data: Any) -> AutomationRule:  # type: ignore[override]
        key: UUID = super().to_internal_value(data)
        rules = AutomationRule.objects.changeable_by(self.context["request"].user)
        found: AutomationRule | None = rules.filter(pk=key).first()
        if found is None:
            raise serializers.ValidationError("The rule does not exist, or you cannot change it.")
        return found

    def get_attribute(self, instance: Any) -> Any:
        return instance.rule_id


class CoveredLabelsField(JSONObjectField):
    """Labels that a rule must have."""

    asks = {
        "maxProperties": MAX_MATCHED_LABELS,
        "propertyNames": {"maxLength": LONGEST_LABEL, "pattern": r"\S"},
        "additionalProperties": {"type": "string", "maxLength": LONGEST_LABEL},
    }


class WindowSerializer(serializers.Serializer[Any]):
    start = TimeField()
    end = TimeField()


class SilenceSerializer(RowMixin, StrictModelSerializer):
    """A muted time for matching alerts: once, or recurring."""

    # As `silence_errors` has it, which says all that is wrong at once.
    constraints = (AnyFilled(("everything", "rule", "metric", "person", "labels"), "Choose what to silence."),)

    user = OwnerField(
        required=False, allow_null=True,
        help_text=(
            "Rule owner: ID, or on write also e-mail. null: all owners (operators only, and their default; "
            "the default of others is themselves)."
        ),
    )  # fmt: skip
    rule = RuleIdField(required=False, allow_null=True, help_text="Only this rule.")
    person = SomebodyField(
        required=False,
        allow_null=True,
        help_text="Only readings of this person: ID, or on write also e-mail.",
    )
    labels = CoveredLabelsField(
        required=False, help_text='Only rules or series with all of these labels: {"team": "db"}.'
    )
    everything = serializers.BooleanField(
        required=False,
        write_only=True,
        help_text="Silence everything: confirms that no rule, metric, person or label is given.",
    )
    state = serializers.SerializerMethodField()
    window = serializers.SerializerMethodField()

    class Meta:
        model = Silence
        resource, page, sentence = "silences", "admin:rules_silence_page", silence_in_words
        relations = {"user": PERSON, "rule": RULE, "person": PERSON, "created_by": PERSON, "cancelled_by": PERSON}
        fields = [
            "id", "user", "comment", "rule", "metric", "person", "labels", "everything", "starts_at", "ends_at",
            "recurrence", "duration", "time_zone", "state", "window", "created_by", "created_at", "cancelled_by",
            "cancelled_at",
        ]  # fmt: skip
        read_only_fields = ["created_by", "created_at", "cancelled_by", "cancelled_at"]
        extra_kwargs: dict[str, Any] = {
            "metric": {"asks": {"pattern": f"^({METRIC_NAME.pattern})?$"}},
            "comment": {"asks": {"maxLength": MAX_SILENCE_COMMENT}},
            "time_zone": {"asks": ZONE},
        } | {"starts_at": {"required": False, "help_text": "Default: now."}}

    @extend_schema_field(serializers.ChoiceField(["on", "coming", "over"]))
    def get_state(self, silence: Silence) -> str:
        return state_of(silence, timezone.now())

    @extend_schema_field(WindowSerializer(allow_null=True))
    def get_window(self, silence: Silence) -> Any:
        """The present window, or the next one."""
        try:
            found = upcoming(silence, timezone.now(), 1)
        except (ValueError, OverflowError):
            found = []
        return WindowSerializer(found[0]).data if found else None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user, everything = self.context["request"].user, attrs.pop("everything", None)
        if self.instance is None:
            attrs.setdefault("starts_at", timezone.now())
            attrs.setdefault("user", None if has_everyone(user, "change") else user)
        silence = self.would_be(attrs)
        if everything is None and self.instance is not None:
            everything = not _names(self.instance)  # what was confirmed once, stays
        if self.instance is None and (problem := number_problem(user, timezone.now())):
            raise serializers.ValidationError({"detail": [problem]})
        if errors := silence_errors(silence, user, timezone.now(), everything=bool(everything)):
            raise serializers.ValidationError(errors)
        return attrs | ({"recurrence": silence.recurrence} if "recurrence" in attrs else {})

    def would_be(self, attrs: dict[str, Any]) -> Silence:
        """The unsaved silence with `attrs`."""
        values = {name: getattr(self.instance, name) for name in CREATED_FIELDS} if self.instance else {}
        return Silence(**{"created_by": self.context["request"].user} | values | attrs)

    def create(self, validated_data: Any) -> Silence:
        return make(Silence(**validated_data), self.context["request"].user, timezone.now())

    def update(self, instance: Silence, validated_data: Any) -> Silence:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        if not revise(instance, timezone.now()):
            raise Conflict(SILENCE_ENDED)
        return instance


class PreviewSerializer(SilenceSerializer):
    """A silence to preview, which needs no comment."""

    def would_be(self, attrs: dict[str, Any]) -> Silence:
        return super().would_be({"comment": "a preview"} | attrs)

    class Meta(SilenceSerializer.Meta):
        extra_kwargs = SilenceSerializer.Meta.extra_kwargs | {
            "comment": {"required": False, "asks": {"maxLength": MAX_SILENCE_COMMENT}}
        }


class EndedSerializer(serializers.Serializer[Any]):
    ended = serializers.IntegerField(help_text="Number of ended silences.")
    results = ItemOutcomeSerializer(many=True, help_text="An outcome for each id.")


class CoveredRuleSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    rule_name = serializers.CharField(source="name")
    user = serializers.UUIDField(source="owner_id", help_text="Owner of the rule.")
    instances = serializers.IntegerField(help_text="Number of matching instances.")
    firing = serializers.IntegerField(help_text="Number of firing instances.")


class CoverageSerializer(serializers.Serializer[Any]):
    """The coverage and the windows of a silence."""

    rules = serializers.IntegerField()
    instances = serializers.IntegerField()
    firing = serializers.IntegerField()
    words = serializers.CharField(help_text="Summary.")
    listing = CoveredRuleSerializer(many=True, help_text="The first matching rules, firing rules first.")
    windows = WindowSerializer(many=True, help_text="Active and next windows.")


def refuse_over(silence: Silence) -> None:
    """Conflict where the silence is over."""
    if is_over(silence, timezone.now()):
        raise Conflict(SILENCE_ENDED)


def _names(silence: Any) -> bool:
    return bool(silence.rule_id or silence.metric or silence.person_id or silence.labels)
