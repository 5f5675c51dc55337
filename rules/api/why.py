"""REST endpoints that explain a rule at one time, and an entry of the activity log."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from rules.backtesting.explanation import explain
from rules.backtesting.observations import ConditionResult
from rules.explain.decisions import reasons_of
from rules.explain.evidence import evidence_for
from rules.explain.replay import answer, condition_in_words, steps_in_words
from rules.models import ActivityEntry, AutomationRule
from rules.text.entry import entry_in_words
from smartagent.rest.fields import JSONObjectField, TimeField, visible_person


class SeenConditionSerializer(serializers.Serializer[Any]):
    words = serializers.CharField()
    metric = serializers.CharField()
    target = serializers.CharField(allow_blank=True)
    value = serializers.FloatField(allow_null=True)
    observed_at = TimeField(allow_null=True)
    verdict = serializers.ChoiceField(["met", "held", "clear", "missing", "failed"], allow_blank=True)


class SeenStepSerializer(serializers.Serializer[Any]):
    at = TimeField()
    words = serializers.CharField()


class WhySerializer(serializers.Serializer[Any]):
    at = TimeField(help_text="The explained evaluation: the last one up to the requested time.")
    recomputed = serializers.BooleanField(help_text="Always true: recomputed from stored readings.")
    version = serializers.IntegerField(help_text="Version of the rule at that time; 0 if its history starts later.")
    person = serializers.UUIDField()
    answer = serializers.ListField(child=serializers.CharField())
    verdict = serializers.CharField()
    state = serializers.CharField(help_text="Before this evaluation.")
    conditions = SeenConditionSerializer(many=True)
    steps = SeenStepSerializer(many=True, help_text="The previous five steps.")


class EntryOutcomeSerializer(serializers.Serializer[Any]):
    action = serializers.CharField(allow_blank=True, help_text="The action; `none` without an action.")
    status = serializers.ChoiceField(ActivityEntry.Status.choices)
    cause = serializers.CharField(allow_null=True)
    executed_at = TimeField(allow_null=True)
    detail = JSONObjectField(allow_null=True, help_text="Objects created by the action.")


class EntryWhySerializer(serializers.Serializer[Any]):
    at = TimeField()
    recomputed = serializers.BooleanField(help_text="Always false: from data stored at that time.")
    event = serializers.CharField()
    rule = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField(help_text="Version of the rule at that time; 0 if unknown.")
    answer = serializers.ListField(child=serializers.CharField())
    before = serializers.CharField(allow_null=True, help_text="State before.")
    after = serializers.CharField(allow_null=True, help_text="State after.")
    waited = serializers.FloatField(allow_null=True, help_text="Seconds in the state before.")
    conditions = SeenConditionSerializer(many=True)
    outcome = EntryOutcomeSerializer()
    steps_before = SeenStepSerializer(many=True, help_text="The previous four entries of the instance.")
    steps_after = SeenStepSerializer(many=True, help_text="The next four entries of the instance.")


class EntryWhyAction:
    """`why`, for the view of activity entries."""

    @extend_schema(
        summary="Explain an activity entry",
        description=(
            "Readings and conditions, state before and after, effects of timers, silences and people, result "
            "of the action, and neighbouring entries, from data stored at that time."
        ),
        responses=EntryWhySerializer,
    )
    @action(detail=True, methods=["get"])
    def why(self, request: Request, pk: Any = None) -> Response:
        entry = self.get_object()  # type: ignore[attr-defined]
        account = evidence_for(entry, ActivityEntry.objects.visible_to(request.user))
        facts, outcome = account.facts, account.facts.get("outcome")
        answered = {
            "at": entry.created_at, "recomputed": False, "event": entry.event_type, "rule": entry.rule_id,
            "version": account.version, "answer": [entry_in_words(entry), *reasons_of(account)],
            "before": facts.get("from"), "after": facts.get("to"),
            "waited": account.waited.total_seconds() if account.waited is not None else None,
            "conditions": [_seen(observed) for observed in account.observed],
            "outcome": {
                "action": entry.action_taken or "", "status": entry.status, "cause": entry.error_message,
                "executed_at": entry.executed_at, "detail": outcome if isinstance(outcome, dict) else None,
            },
            "steps_before": [_step_facts(each) for each in account.before],
            "steps_after": [_step_facts(each) for each in account.after],
        }  # fmt: skip
        return Response(EntryWhySerializer(answered).data)


class WhyAction:
    """`why`, for the view of rules."""

    @extend_schema(
        summary="Explain why a rule fired, or not",
        description=(
            "Recomputed from stored readings with the rule as of that time. Acknowledgements, snoozes and "
            "manual changes are not included."
        ),
        parameters=[
            OpenApiParameter(
                "at", {"type": "string", "format": "date-time"}, required=True, description="Time to explain."
            ),
            OpenApiParameter("person", str, description="Person: ID or e-mail. Default: the owner."),
            OpenApiParameter("target", str, description="Of a rule on series: the key of the instance."),
        ],
        responses=WhySerializer,
    )
    @action(detail=True, methods=["get"], parameters=("at", "person", "target"))
    def why(self, request: Request, pk: Any = None) -> Response:
        # Not get_object, which reads the parameters as filters of the list.
        rule = get_object_or_404(self.get_queryset().select_related("user"), pk=pk)  # type: ignore[attr-defined]
        requested, given = TimeField(), request.query_params.get("at")
        if given is None:
            raise ValidationError({"at": ["Enter a time, for example 2026-03-02T10:05:00Z."]})
        try:
            at = requested.to_internal_value(given)
        except serializers.ValidationError as error:
            raise ValidationError({"at": error.detail}) from None
        if not at.year >= 2000 or at > timezone.now():
            raise ValidationError({"at": ["The time must be between the year 2000 and now."]})
        try:
            why = explain(rule, _person(request, rule), at, request.query_params.get("target", ""))
        except ValueError as error:
            raise ValidationError({"detail": [str(error)]}) from None
        facts = {
            "at": why.at, "recomputed": True, "version": why.version, "person": why.person, "answer": answer(why),
            "verdict": why.verdict, "state": why.state.condition,
            "conditions": [_seen(observed) for observed in why.observed],
            "steps": [{"at": when, "words": words} for when, words in steps_in_words(why)],
        }  # fmt: skip
        return Response(WhySerializer(facts).data)


def _seen(observed: ConditionResult) -> dict[str, Any]:
    return {
        "words": condition_in_words(observed), "metric": observed.condition.metric, "target": observed.condition.target,
        "value": observed.value, "observed_at": observed.observed_at, "verdict": observed.verdict,
    }  # fmt: skip


def _step_facts(entry: ActivityEntry) -> dict[str, Any]:
    return {"at": entry.created_at, "words": entry_in_words(entry)}


def _person(request: Request, rule: AutomationRule) -> UUID:
    text = request.query_params.get("person")
    return rule.user_id if text is None else watched_person(text, rule, request.user)


def watched_person(text: str, rule: AutomationRule, me: Any) -> UUID:
    """The person by id or e-mail address; ValidationError unless `rule` watches them and `me` may know them."""
    if text.lower() in (str(rule.user_id), rule.user.email.lower()):
        return rule.user_id
    found = visible_person(text, me) if rule.applies_to == AutomationRule.AppliesTo.EVERYONE else None
    if found is None:
        raise ValidationError({"person": ["The rule does not watch this person, or you cannot access them."]})
    return found.pk
