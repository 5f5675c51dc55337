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

MAX_RULES = 500
DEFAULT = 20


class KindSerializer(StrictSerializer):
    kind = TextField(
        required=False, asks=lambda: {"enum": [check.kind for check in checks]}, help_text="Only findings of this kind."
    )


class RuleFindingSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    rule = serializers.UUIDField()
    rule_name = serializers.CharField()
    owner = serializers.CharField()
    words = serializers.CharField(help_text="What is wrong, with its numbers.")
    advice = serializers.CharField(help_text="What to do about it.")
    link = serializers.CharField(help_text="Where, in the browser.")


class SectionSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    advice = serializers.CharField()
    count = serializers.IntegerField(min_value=0, help_text="How many rules have this, also where fewer are listed.")
    findings = RuleFindingSerializer(many=True)


class NoiseSerializer(serializers.Serializer[Any]):
    told_7_days = serializers.IntegerField(min_value=0)
    told_30_days = serializers.IntegerField(min_value=0)
    fired_7_days = serializers.IntegerField(min_value=0)
    fired_30_days = serializers.IntegerField(min_value=0)


class PrecisionSerializer(serializers.Serializer[Any]):
    useful = serializers.IntegerField(min_value=0)
    noise = serializers.IntegerField(min_value=0)
    precision = serializers.FloatField(allow_null=True, help_text="useful / (useful + noise); null: nothing is judged.")
    low = serializers.FloatField(help_text="The lower end of its Wilson interval, 95 %.")
    high = serializers.FloatField(help_text="The upper end.")


class NoisyRuleSerializer(NoiseSerializer, PrecisionSerializer):
    rule = serializers.UUIDField()
    rule_name = serializers.CharField()
    owner = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    active = serializers.IntegerField(min_value=0)
    drafts = serializers.IntegerField(min_value=0)
    affected = serializers.IntegerField(min_value=0, help_text="Rules of which something was found.")
    sections = SectionSerializer(many=True)
    noisiest = NoisyRuleSerializer(many=True, help_text="The ten that told the most in the last 30 days.")


class ProposalSerializer(serializers.Serializer[Any]):
    words = serializers.CharField()
    threshold = serializers.FloatField()
    useful = serializers.IntegerField(min_value=0)
    noise = serializers.IntegerField(min_value=0)
    useful_kept = serializers.IntegerField(min_value=0)
    noise_dropped = serializers.IntegerField(min_value=0)
    fired_now = serializers.IntegerField(allow_null=True, help_text="Backtest of the last 30 days, as the rule is.")
    fired_then = serializers.IntegerField(allow_null=True, help_text="The same with the proposed threshold.")
    notified_now = serializers.IntegerField(allow_null=True)
    notified_then = serializers.IntegerField(allow_null=True)


class RuleHealthSerializer(serializers.Serializer[Any]):
    rule = serializers.UUIDField()
    findings = RuleFindingSerializer(many=True)
    noise = NoiseSerializer()
    precision = PrecisionSerializer()
    proposal = ProposalSerializer(allow_null=True, help_text="A better threshold, where most of it is noise.")
    no_proposal = serializers.CharField(allow_null=True, help_text="Why there is none, where most of it is noise.")


class HealthView(StrictView):
    needs = "rules.view_automationrule"
    parameters = ("kind", "limit")

    @extend_schema(
        operation_id="rules_health_of_all",
        tags=["rules"],
        summary="What is wrong with rules",
        description="Of the rules that you may see: what was found, the worst first, and the noisiest ten. "
        "`GET /api/rules/?health=flapping` lists all rules of a kind.",
        parameters=[
            KindSerializer,
            OpenApiParameter(
                "limit", {"type": "integer", "minimum": 1, "maximum": MAX_RULES, "default": DEFAULT},
                description="How many findings of each kind are listed.",
            ),
        ],
        responses=HealthSerializer,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        now, user = timezone.now(), request.user
        found = examine(user, now, _kinds(request), _limit(request))
        loud = noisiest(user, now)
        precisions = precision_of([rule.id for rule in loud], now)
        facts = {
            "active": found.active, "drafts": found.drafts, "affected": found.affected,
            "sections": [section_facts(section) for section in found.sections],
            "noisiest": [
                {"rule": rule.id, "rule_name": rule.name, "owner": rule.owner}
                | noise_facts(rule.noise) | precision_facts(precisions.get(rule.id, Precision()))
                for rule in loud
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
        "told_7_days": noise.told_week, "told_30_days": noise.told_month, "fired_7_days": noise.fired_week,
        "fired_30_days": noise.fired_month,
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
        raise ValidationError({"kind": [f"“{kind[:40]}” is no kind of finding. There are: {known}."]})
    return [kind] if kind else []


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_RULES):
        raise ValidationError({"limit": [f"Write a whole number from 1 to {MAX_RULES}."]})
    return int(text)
