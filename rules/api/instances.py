"""REST endpoints that handle instances: acknowledge, snooze, comment, assign, resolve, reopen; one or many."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.api.serializers import StateSerializer
from rules.instances import handling
from rules.models import RuleState
from smartagent.models import User
from smartagent.rest.bulk import MAX_BULK_IDS, IdsField, OutcomesSerializer, answered, outcomes_of
from smartagent.rest.constraints import AnyFilled, Constraint, ExactlyOne, Present, Where
from smartagent.rest.errors import Conflict
from smartagent.rest.fields import ChoiceField, TextField, TimeField, visible_person
from smartagent.rest.serializers import StrictSerializer

UNCHANGED_INSTANCE = "The instance is not firing, or nothing would change."
NOT_ASSIGNED = "This person is the assignee already, or cannot access the rule."
HANDLED_COLUMNS = ("condition", "handling", "handled_by", "handled_until", "assignee")


class CommentedSerializer(StrictSerializer):
    comment = TextField(required=False, allow_blank=True, max_length=2000, help_text="Shown in the timeline.")


class CommentSerializer(StrictSerializer):
    comment = TextField(max_length=2000, help_text="Shown in the timeline.")


EITHER = ExactlyOne(("until", "length"), "Give either until or for.")


class UntilSerializer(CommentedSerializer):
    until = TimeField(required=False, help_text="End time, at most 30 days from now. Default: in 24 hours.")


class SnoozeSerializer(UntilSerializer):
    constraints: tuple[Constraint, ...] = (EITHER,)

    until = TimeField(required=False, help_text="End time, at most 30 days from now.")
    length = ChoiceField(
        choices=[*handling.SNOOZE_DURATIONS, "morning"], required=False,
        help_text="Instead of `until`. morning: 09:00 of the next workday in your time zone.",
    )  # fmt: skip


class AssignSerializer(CommentedSerializer):
    person = TextField(allow_null=True, help_text="ID or e-mail address; null removes the assignee.")


class HandleSerializer(SnoozeSerializer):
    constraints = (
        Where("verb", ("snooze",), EITHER),
        Where("verb", ("comment",), AnyFilled(("comment",), "Enter a comment.")),
        Where("verb", ("assign",), Present("person", "Give the assignee; null removes the assignee.")),
    )

    ids = IdsField()
    verb = ChoiceField(choices=["acknowledge", "snooze", "comment", "assign", "resolve", "reopen"])
    person = TextField(
        required=False, allow_null=True,
        help_text="For assign: ID or e-mail address; null removes the assignee.",
    )  # fmt: skip


def described(summary: str, description: str, request: Any) -> Callable[[Any], Any]:
    """The OpenAPI description of a verb."""
    from_view: Any = extend_schema(
        summary=summary, description=description, request=request,
        responses={200: StateSerializer, 409: OpenApiResponse(description=UNCHANGED_INSTANCE)},
    )  # fmt: skip
    return from_view  # type: ignore[no-any-return]


class HandlingActions:
    """The verbs of handling, for the view of instances."""

    @described(
        "Acknowledge an alert",
        "Pauses repeats. If the instance still fires afterwards, a notification is sent.",
        UntilSerializer,
    )
    @action(detail=True, methods=["post"], needs="change")
    def acknowledge(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(UntilSerializer)
        return self._one(lambda some, now: self._acknowledge(some, now, requested))

    @described(
        "Snooze an alert",
        "Mutes the alert for a duration or until a time. If it still fires afterwards, a notification is sent.",
        SnoozeSerializer,
    )
    @action(detail=True, methods=["post"], needs="change")
    def snooze(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(SnoozeSerializer)
        return self._one(lambda some, now: self._snooze(some, now, requested))

    @described("Comment on an alert", "Adds a comment to the timeline.", CommentSerializer)
    @action(detail=True, methods=["post"], needs="change")
    def comment(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(CommentSerializer)
        return self._one(lambda some, now: handling.comment_on(some, self._me(), now, requested["comment"]))

    @described("Assign an alert", "Sets the person who takes care of the alert.", AssignSerializer)
    @action(detail=True, methods=["post"], needs="change")
    def assign(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(AssignSerializer)
        person, state = self._person(requested["person"]), self._view().get_object()
        if person and not handling.may_look_after(person, state):
            raise ValidationError({"person": ["This person cannot access the rule, so they cannot be assigned."]})
        return self._one(lambda some, now: handling.assign(some, self._me(), now, person, requested.get("comment", "")))

    @described("Resolve an alert",
               "Ends the episode. If the condition is still met, the alert fires again at the next evaluation.",
               CommentedSerializer)  # fmt: skip
    @action(detail=True, methods=["post"], needs="change")
    def resolve(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(CommentedSerializer)
        return self._one(lambda some, now: handling.resolve(some, self._me(), now, requested.get("comment", "")))

    @described(
        "Reopen an alert",
        "Reopens an alert that was acknowledged, snoozed or resolved manually.",
        CommentedSerializer,
    )
    @action(detail=True, methods=["post"], needs="change")
    def reopen(self, request: Request, pk: Any = None) -> Response:
        requested = self._requested(CommentedSerializer)
        return self._one(lambda some, now: handling.reopen(some, self._me(), now, requested.get("comment", "")))

    @extend_schema(
        summary="Act on many instances", request=HandleSerializer, responses=OutcomesSerializer,
        description=f"Applies an action to up to {MAX_BULK_IDS:,} instances, with an outcome for each.",
    )  # fmt: skip
    @action(detail=False, methods=["post"], needs="change", serializer_class=HandleSerializer)
    def handle(self, request: Request) -> Response:
        requested = self._requested(HandleSerializer)
        now, comment, verb = timezone.now(), requested.get("comment", ""), requested["verb"]
        verbs: dict[str, Callable[[Any], int]] = {
            "acknowledge": lambda some: self._acknowledge(some, now, requested),
            "snooze": lambda some: self._snooze(some, now, requested),
            "comment": lambda some: handling.comment_on(some, self._me(), now, comment),
            "assign": lambda some: self._assign(some, now, requested),
            "resolve": lambda some: handling.resolve(some, self._me(), now, comment),
            "reopen": lambda some: handling.reopen(some, self._me(), now, comment),
        }  # fmt: skip
        columns = () if verb == "comment" else HANDLED_COLUMNS
        reason = NOT_ASSIGNED if verb == "assign" else UNCHANGED_INSTANCE
        return answered(outcomes_of(requested["ids"], self._view().get_queryset(), columns, verbs[verb], reason))

    def _acknowledge(self, some: Any, now: datetime, requested: dict[str, Any]) -> int:
        until = requested_until(requested, now, None) if "until" in requested else None
        return handling.acknowledge(some, self._me(), now, until, requested.get("comment", ""))

    def _snooze(self, some: Any, now: datetime, requested: dict[str, Any]) -> int:
        return handling.snooze(
            some, self._me(), now, requested_until(requested, now, self._me()), requested.get("comment", "")
        )

    def _assign(self, some: Any, now: datetime, requested: dict[str, Any]) -> int:
        person = self._person(requested["person"])
        those = handling.seen_by(person, some) if person else some
        return handling.assign(those, self._me(), now, person, requested.get("comment", ""))

    def _one(self, do: Callable[[Any, datetime], int]) -> Response:
        view = self._view()
        state = view.get_object()
        if not do(RuleState.objects.filter(pk=state.pk), timezone.now()):
            raise Conflict(UNCHANGED_INSTANCE)
        return Response(view.again(state))

    def _requested(self, kind: type[StrictSerializer]) -> dict[str, Any]:
        view = self._view()
        requested = kind(data=view.request.data, context=view.get_serializer_context())
        requested.is_valid(raise_exception=True)
        return dict(requested.validated_data)

    def _person(self, text: str | None) -> User | None:
        if text is None:
            return None
        found = visible_person(text, self._me())
        if found is None:
            raise ValidationError({"person": ["The person does not exist, or you cannot access them."]})
        return found

    def _me(self) -> User:
        return self._view().request.user  # type: ignore[no-any-return]

    def _view(self) -> Any:
        return self


def requested_until(requested: dict[str, Any], now: datetime, person: User | None) -> datetime:
    """The requested end, given as `until` or as `length`."""
    try:
        if "until" in requested:
            return handling.check_until(requested["until"], now)
        return handling.until_of(requested["length"], now, ZoneInfo(person.time_zone if person else "UTC"))
    except ValueError as error:
        raise ValidationError({"until": [str(error)]}) from None
