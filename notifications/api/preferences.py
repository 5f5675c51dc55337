"""One's own preferences, by REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import Channel, Preference
from notifications.routing.preferences import addressee_of, checked_matrix, checked_quiet, forecast, keep, preference_of
from notifications.routing.quiet_hours import quiet_until
from notifications.routing.router import MODES, SEVERITIES
from smartagent.models import User
from smartagent.rest.etags import VersionedThingMixin
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.views import StrictView

CLOCK_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
MODE = {"type": ["string", "null"], "enum": [*MODES, None]}
OF_CHANNEL = {"type": "object", "properties": dict.fromkeys(SEVERITIES, MODE), "additionalProperties": False}
MATRIX = {"type": "object", "additionalProperties": OF_CHANNEL}
PERIOD = {
    "type": "object", "required": ["days", "from", "until"], "additionalProperties": False,
    "properties": {
        "days": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0, "maximum": 6}},
        "from": {"type": "string", "pattern": CLOCK_PATTERN}, "until": {"type": "string", "pattern": CLOCK_PATTERN},
    },
}  # fmt: skip
PREFERENCES_EXAMPLE = OpenApiExample(
    "Quiet hours at night, and nothing of low severity by one channel",
    value={
        "matrix": {"7b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c11": {"low": "off", "medium": "hourly"}},
        "quiet": [{"days": [0, 1, 2, 3, 4], "from": "22:00", "until": "07:00"}], "digest_at": "08:00",
    },
    request_only=True,
)  # fmt: skip


@extend_schema_field(MATRIX)
class MatrixField(serializers.Field):  # type: ignore[type-arg]
    """By channel and severity: now, hourly, daily, off; what is not there, or null, is as usual."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return checked_matrix(data, _channels(self.context["person"]))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "array", "maxItems": 20, "items": PERIOD})
class QuietField(serializers.Field):  # type: ignore[type-arg]
    """Periods in which only what is critical comes, by the clock of the person."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return checked_quiet(data, addressee_of(self.context["person"]), timezone.now())
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "string", "pattern": CLOCK_PATTERN, "examples": ["08:00"]})
class ClockTimeField(serializers.TimeField):
    """A time of day, such as 08:00."""

    default_error_messages = {"invalid": "Use a time of day as text, for example 08:00."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"format": "%H:%M", "input_formats": ["%H:%M"]} | kwargs)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) != 5 or not value.isascii():
            self.fail("invalid", format="08:00")
        return super().to_internal_value(value)


class PreferenceSerializer(StrictSerializer):
    matrix = MatrixField(help_text="By ID of the channel and severity: now, hourly, daily, off. Null: default.")
    quiet = QuietField(help_text="Days are 0 (Monday) to 6; a period that ends before it begins ends the next day.")
    digest_at = ClockTimeField(help_text="Time of the daily digest.")


class DecisionSerializer(serializers.Serializer[Any]):
    severity = serializers.ChoiceField(choices=SEVERITIES)
    channel = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(choices=["waiting", "held", "due", "skipped"])
    cause = serializers.CharField(help_text="Reason for holding or not sending.")
    due_at = serializers.DateTimeField(allow_null=True)


class PreferencesSerializer(PreferenceSerializer):
    defaults = serializers.DictField(
        child=serializers.ChoiceField(choices=list(MODES)), help_text="By severity, for channels without a choice."
    )
    time_zone = serializers.CharField(help_text="Time zone of the person, see /api/me/.")
    quiet_until = serializers.DateTimeField(allow_null=True, help_text="End of quiet hours; null: quiet hours are off.")
    now = DecisionSerializer(many=True, help_text="What would happen to a notification now.")


@extend_schema(tags=["preferences"])
class PreferencesView(VersionedThingMixin, StrictView):
    """One's own."""

    queryset = Preference.objects.all()
    versioned = Preference.recorded_fields

    def stored(self, request: Request, *, lock: bool) -> Preference:
        person = _me(request)
        if lock:  # also where no preferences are stored yet
            User.objects.select_for_update(no_key=True).get(pk=person.pk)
        return preference_of(person)

    @extend_schema(
        summary="Read my preferences", responses=PreferencesSerializer,
        description="Your preferences, the defaults, and what would happen to a notification now.",
    )  # fmt: skip
    def get(self, request: Request, *args: Any) -> Response:
        return self.read(request, lambda: self._answer(request))

    @extend_schema(
        summary="Replace my preferences", description="Replaces all preferences.", request=PreferenceSerializer,
        responses=PreferencesSerializer, examples=[PREFERENCES_EXAMPLE],
    )  # fmt: skip
    def put(self, request: Request, *args: Any) -> Response:
        return self._keep(request, partial=False)

    @extend_schema(
        summary="Update my preferences", description="Updates the given fields, each as a whole.",
        request=PreferenceSerializer(partial=True), responses=PreferencesSerializer, examples=[PREFERENCES_EXAMPLE],
    )  # fmt: skip
    def patch(self, request: Request, *args: Any) -> Response:
        return self._keep(request, partial=True)

    def _keep(self, request: Request, *, partial: bool) -> Response:
        requested = PreferenceSerializer(data=request.data, partial=partial, context={"person": request.user})
        requested.is_valid(raise_exception=True)
        return self.edit(request, lambda: keep(_me(request), requested.validated_data), lambda: self._answer(request))

    def _answer(self, request: Request) -> Response:
        person, now = _me(request), timezone.now()
        preference, who, channels = preference_of(person), addressee_of(person), _channels(person)
        decisions = [
            {"severity": each.severity, "channel": one.way and one.way.id, "status": one.status, "cause": one.cause,
             "due_at": one.due_at}
            for each in forecast(who, now) for one in each.decisions
        ]  # fmt: skip
        facts = {
            "matrix": {key: modes for key, modes in who.matrix.items() if key in channels},
            "quiet": preference.quiet, "digest_at": preference.digest_at,
            "defaults": dict(who.defaults), "time_zone": str(who.zone), "now": decisions,
            "quiet_until": quiet_until(who.quiet, who.zone, now) if who.quiet else None,
        }  # fmt: skip
        return Response(PreferencesSerializer(facts).data)


def _channels(person: User) -> set[str]:
    return {str(key) for key in Channel.objects.filter(user=person).values_list("pk", flat=True)}


def _me(request: Request) -> User:
    me: Any = request.user
    return me  # type: ignore[no-any-return]
