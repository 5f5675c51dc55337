"""Tests of data sources and of metric queries as JSON."""

from typing import Any

from rest_framework import serializers

from rules.data_sources.probe import Probe, QueryTrial


class ProbeSerializer(serializers.Serializer[Probe]):
    """The answer of a data source."""

    answered = serializers.SerializerMethodField()
    milliseconds = serializers.FloatField()
    version = serializers.CharField(help_text="Empty where the source does not say it.")
    error = serializers.CharField(help_text="The source's own words; empty where it answered.")

    def get_answered(self, found: Probe) -> bool:
        return not found.error


class TrialSeriesSerializer(serializers.Serializer[Any]):
    labels = serializers.DictField(child=serializers.CharField())
    value = serializers.FloatField()


class QueryTrialSerializer(serializers.Serializer[QueryTrial]):
    """What a query returns now."""

    series = TrialSeriesSerializer(many=True, help_text="The first of them.")
    count = serializers.IntegerField(help_text="Number of all series.")
    unknown = serializers.IntegerField(help_text="Number of series that name nobody here, and are left out.")
    milliseconds = serializers.FloatField()
    error = serializers.CharField(help_text="The source's own words; empty where it answered.")
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="The source's own words, for example that its answer is partial."
    )
