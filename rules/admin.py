"""The pages of rules; one file each in `rules.pages`."""

from rules.pages.activity.entries import ActivityAdmin
from rules.pages.activity.runs import RunAdmin
from rules.pages.alerts.instances import InstanceAdmin
from rules.pages.data_sources.lists import DataSourceAdmin, MetricQueryAdmin
from rules.pages.integrations import IntegrationAdmin
from rules.pages.received.receipts import ReceiptAdmin
from rules.pages.rules import RuleAdmin
from rules.pages.silences.silences import SilenceAdmin

__all__ = [
    "ActivityAdmin", "DataSourceAdmin", "InstanceAdmin", "IntegrationAdmin", "MetricQueryAdmin",
    "ReceiptAdmin", "RuleAdmin", "RunAdmin", "SilenceAdmin",
]  # fmt: skip
