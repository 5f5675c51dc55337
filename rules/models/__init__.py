"""Models of rules: rules, states, readings, data sources, silences, feedback, activity log and its saved views."""

from rules.models.activity import ActivityEntry, DispatchRun
from rules.models.audit import AuditBatch, AuditLink, UnsealedEntries
from rules.models.data_source import DataSource, MetricQuery
from rules.models.entry_counts import EntryCount
from rules.models.feedback import Feedback
from rules.models.readings import AuditEvent, FusionScore, Integration
from rules.models.receipt import IngestQuota, MetricReceipt
from rules.models.rollups import DailyRollup, FiveMinuteRollup, HourlyRollup, LateHour, RollupProgress
from rules.models.rule import AutomationRule
from rules.models.saved_view import SavedView
from rules.models.series import MetricSample, MetricSeries
from rules.models.silence import Silence
from rules.models.state import RuleState

__all__ = [
    "ActivityEntry", "AuditBatch", "AuditEvent", "AuditLink", "AutomationRule", "DailyRollup", "DataSource",
    "DispatchRun", "EntryCount",
    "Feedback", "FiveMinuteRollup", "FusionScore", "HourlyRollup", "IngestQuota", "Integration", "LateHour",
    "MetricQuery", "MetricReceipt", "MetricSample", "MetricSeries", "RollupProgress", "RuleState", "SavedView",
    "Silence", "UnsealedEntries",
]  # fmt: skip
