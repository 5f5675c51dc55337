"""Aggregations of metric queries: their series are not stored here, so it is the query that aggregates."""

from rules.data_sources.watched import queries_named
from rules.engine.conditions import Reducer
from rules.models import AutomationRule


def query_window_errors(rule: AutomationRule) -> dict[str, list[str]]:
    """What is wrong with the aggregations of `rule` where its metrics are queries, by field; empty where nothing is."""
    more = rule.more_conditions if isinstance(rule.more_conditions, list) else []
    further = {
        f"more_conditions.{number}.reducer": (str(each.get("metric")), str(each.get("reducer") or Reducer.LAST))
        for number, each in enumerate(more)
        if isinstance(each, dict)
    }
    aggregated = {
        field: metric
        for field, (metric, reducer) in ({"reducer": (rule.metric_type, rule.reducer)} | further).items()
        if reducer != Reducer.LAST
    }
    if not aggregated:
        return {}
    queries = {query.name for query in queries_named(set(aggregated.values()))}
    return {
        field: [
            f"{metric} is a query, whose samples are not stored here. Choose the latest reading, and aggregate in the "
            "query, for example by avg_over_time(…[1h])."
        ]
        for field, metric in aggregated.items()
        if metric in queries
    }
