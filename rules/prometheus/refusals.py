"""Messages for expressions without a counterpart here, each with an alternative."""

FUNCTIONS = {
    "avg_over_time": "avg", "min_over_time": "min", "max_over_time": "max", "sum_over_time": "sum",
    "count_over_time": "count",
}  # fmt: skip
AGGREGATIONS = {
    "sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk", "quantile",
}  # fmt: skip


def instead_of_comparison(found: str) -> str:
    """The message for a part that stands where a comparison is expected."""
    if found in ("+", "-", "*", "/", "%", "^"):
        return f"Arithmetic ({found}) is not supported: push the result as a metric."
    if not found:
        return "The expression has no comparison with a number, so it would alert on every value."
    return f"“{found}” is unexpected."


def aggregated(name: str) -> str:
    """The message for an aggregation over series, such as `sum by`."""
    return f"{name} aggregates several series; a rule watches one series per person. Push the aggregate as a metric."


def unknown(name: str) -> str:
    """The message for any other function."""
    if name == "absent":
        return "absent is not supported; use no_data_policy: fire in a rule on the metric instead."
    if name == "last_over_time":
        return "last_over_time is not supported; the metric itself is the latest reading."
    return f"{name} is not supported. Supported: {', '.join(FUNCTIONS)}."
