"""Rules and everything about them, by REST."""

from rules.api.data_sources import DataSourceViewSet, MetricQueryViewSet
from rules.api.health import HealthView
from rules.api.integrations import IntegrationViewSet
from rules.api.metrics import CatalogueView, ReadingView
from rules.api.outcomes import ActivityViewSet, RunViewSet, StateViewSet
from rules.api.rules import RuleViewSet
from rules.api.runs import DispatchView
from rules.api.samples import SampleView
from rules.api.silences import SilenceViewSet
from rules.api.templates import TemplatesView

__all__ = [
    "ActivityViewSet", "CatalogueView", "DataSourceViewSet", "DispatchView", "HealthView", "IntegrationViewSet",
    "MetricQueryViewSet", "ReadingView", "RuleViewSet", "RunViewSet", "SampleView", "SilenceViewSet", "StateViewSet",
    "TemplatesView",
]  # fmt: skip
