"""The events of data sources and metric queries in the activity log, for RULES_EVENTS."""

from rules.engine.event_kinds import EventKind

DATA_SOURCE_EVENTS = (
    EventKind(
        kind="data_source_created", configuration="data source", label="data source created",
        sentence="{by_name} created the data source {name}.",
    ),
    EventKind(
        kind="data_source_changed", configuration="data source", label="data source changed",
        sentence="{by_name} changed the data source {name}: {changes}.",
    ),
    EventKind(
        kind="data_source_deleted", configuration="data source", label="data source deleted",
        sentence="{by_name} deleted the data source {name} with {queries}.",
    ),
    EventKind(
        kind="metric_query_created", configuration="metric query", label="metric query created",
        sentence="{by_name} created the metric query {name}.",
    ),
    EventKind(
        kind="metric_query_changed", configuration="metric query", label="metric query changed",
        sentence="{by_name} changed the metric query {name}: {changes}.",
    ),
    EventKind(
        kind="metric_query_deleted", configuration="metric query", label="metric query deleted",
        sentence="{by_name} deleted the metric query {name}.",
    ),
)  # fmt: skip
