"""The health of rules, by REST."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rules.health.check import HealthFinding, checks
from rules.health.examination import Section, examine
from rules.health.feedback_counts import precision_of
from rules.health.noisiest import Noise, noisiest
from rules.health.one_rule import health_of
from rules.health.precision import Precision
from rules.health.suggestion import Improvement, improve
from rules.models import AutomationRule
from smartagent.rest.fields import TextField
from smartagent.rest.serializers import StrictSerializer
from smartagent.rest.views import StrictView

MAX_EXAMINED_RULES = 500
DEFAULT_LIMIT = 20


class FindingKindSerializer(StrictSerializer):
    kind = TextField(
        required=False, asks=lambda: {"enum": [check.kind for check in checks]}, help_text="Only findings of this kind."
    )


class RuleFindingSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    rule = serializers.UUIDField()
    rule_name = serializers.CharField()
    owner = serializers.CharField()
    words = serializers.CharField(help_text="Description of the problem, with numbers.")
    advice = serializers.CharField(help_text="Recommended action.")
    link = serializers.CharField(help_text="Path of the page.")


class SectionSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    advice = serializers.CharField()
    count = serializers.IntegerField(min_value=0, help_text="Number of affected rules; the list may be shorter.")
    findings = RuleFindingSerializer(many=True)


class NoiseSerializer(serializers.Serializer[Any]):
    notified_7_days = serializers.IntegerField(min_value=0)
    notified_30_days = serializers.IntegerField(min_value=0)
    fired_7_days = serializers.IntegerField(min_value=0)
    fired_30_days = serializers.IntegerField(min_value=0)


class PrecisionSerializer(serializers.Serializer[Any]):
    useful = serializers.IntegerField(min_value=0)
    noise = serializers.IntegerField(min_value=0)
    precision = serializers.FloatField(allow_null=True, help_text="useful / (useful + noise); null: no feedback.")
    low = serializers.FloatField(help_text="Lower bound of the 95 % Wilson interval.")
    high = serializers.FloatField(help_text="Upper bound of the 95 % Wilson interval.")


class NoisyRuleSerializer(NoiseSerializer, PrecisionSerializer):
    rule = serializers.UUIDField()
    rule_name = serializers.CharField()
    owner = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    active = serializers.IntegerField(min_value=0)
    drafts = serializers.IntegerField(min_value=0)
    affected = serializers.IntegerField(min_value=0, help_text="Number of rules with findings.")
    sections = SectionSerializer(many=True)
    noisiest = NoisyRuleSerializer(
        many=True, help_text="The ten rules with the most notifications in the last 30 days."
    )


class ProposalSerializer(serializers.Serializer[Any]):
    words = serializers.CharField()
    threshold = serializers.FloatField()
    useful = serializers.IntegerField(min_value=0)
    noise = serializers.IntegerField(min_value=0)
    useful_kept = serializers.IntegerField(min_value=0)
    noise_dropped = serializers.IntegerField(min_value=0)
    fired_now = serializers.IntegerField(
        allow_null=True, help_text="Backtest of the last 30 days with the current threshold."
    )
    fired_then = serializers.IntegerField(allow_null=True, help_text="Backtest with the suggested threshold.")
    notified_now = serializers.IntegerField(allow_null=True)
    notified_then = serializers.IntegerField(allow_null=True)


class RuleHealthSerializer(serializers.Serializer[Any]):
    rule = serializers.UUIDField()
    findings = RuleFindingSerializer(many=True)
    noise = NoiseSerializer()
    precision = PrecisionSerializer()
    proposal = ProposalSerializer(allow_null=True, help_text="Suggested threshold, if most alerts are noise.")
    no_proposal = serializers.CharField(
        allow_null=True, help_text="Reason why there is no suggestion, if most alerts are noise."
    )


class HealthView(StrictView):
    needs = "rules.view_automationrule"
    parameters = ("kind", "limit")

    @extend_schema(
        operation_id="rules_health_of_all",
        tags=["rules"],
        summary="List findings in rules",
        description="Findings in the rules you can access, most severe first, and the ten noisiest rules. "
        "`GET /api/rules/?health=flapping` lists all rules of a kind.",
        parameters=[
            FindingKindSerializer,
            OpenApiParameter(
                "limit", {"type": "integer", "minimum": 1, "maximum": MAX_EXAMINED_RULES, "default": DEFAULT_LIMIT},
                description="Maximum number of findings per kind.",
            ),
        ],
        responses=HealthSerializer,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        now, user = timezone.now(), request.user
        found = examine(user, now, _kinds(request), _limit(request))
        noisy = noisiest(user, now)
        precisions = precision_of([rule.id for rule in noisy], now)
        facts = {
            "active": found.active, "drafts": found.drafts, "affected": found.affected,
            "sections": [section_facts(section) for section in found.sections],
            "noisiest": [
                {"rule": rule.id, "rule_name": rule.name, "owner": rule.owner}
                | noise_facts(rule.noise) | precision_facts(precisions.get(rule.id, Precision()))
                for rule in noisy
            ],
        }  # fmt: skip
        return Response(HealthSerializer(facts).data)


def rule_health(rule: AutomationRule) -> dict[str, Any]:
    """The health of one rule, as the API gives it."""
    now = timezone.now()
    health = health_of(rule, now)
    better = improve(rule, now) if health.precision.is_poor else None
    facts = {
        "rule": rule.pk, "findings": [finding_facts(each) for each in health.findings],
        "noise": noise_facts(health.noise), "precision": precision_facts(health.precision),
        "proposal": proposal_facts(better) if better and better.proposal else None,
        "no_proposal": better.reason or None if better else None,
    }  # fmt: skip
    return dict(RuleHealthSerializer(facts).data)


def section_facts(section: Section) -> dict[str, Any]:
    return {
        "kind": section.kind, "title": section.label, "advice": section.advice, "count": section.count,
        "findings": [finding_facts(finding) for finding in section.findings],
    }  # fmt: skip


def finding_facts(finding: HealthFinding) -> dict[str, Any]:
    return {
        "kind": finding.kind, "title": finding.label, "rule": finding.rule_id, "rule_name": finding.rule_name,
        "owner": finding.owner, "words": finding.words, "advice": finding.advice, "link": finding.link,
    }  # fmt: skip


def noise_facts(noise: Noise) -> dict[str, int]:
    return {
        "notified_7_days": noise.notified_week, "notified_30_days": noise.notified_month,
        "fired_7_days": noise.fired_week, "fired_30_days": noise.fired_month,
    }  # fmt: skip


def precision_facts(precision: Precision) -> dict[str, Any]:
    low, high = precision.interval
    counts = {"useful": precision.useful, "noise": precision.noise, "precision": precision.share}
    return counts | {"low": low, "high": high}


def proposal_facts(better: Improvement) -> dict[str, Any]:
    found, tried = better.proposal, better.backtest
    if found is None:
        raise ValueError("there is no proposal to describe")
    return {
        "words": str(better), "threshold": found.threshold, "useful": found.useful, "noise": found.noise,
        "useful_kept": tried.useful_kept if tried else found.useful,
        "noise_dropped": tried.noise_dropped if tried else found.dropped, "fired_now": tried and tried.fired_now,
        "fired_then": tried and tried.fired_then, "notified_now": tried and tried.notified_now,
        "notified_then": tried and tried.notified_then,
    }  # fmt: skip


def _kinds(request: Request) -> list[str]:
    kind = request.query_params.get("kind")
    if kind is not None and kind not in checks:
        known = ", ".join(check.kind for check in checks)
        raise ValidationError({"kind": [f"“{kind[:40]}” is not a kind of finding. Available: {known}."]})
    return [kind] if kind else []


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_EXAMINED_RULES):
        raise ValidationError({"limit": [f"Enter a whole number from 1 to {MAX_EXAMINED_RULES}."]})
    return int(text)
