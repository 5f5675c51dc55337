"""Messages for expressions without a counterpart here, each with an alternative."""

# Functions over a range that are aggregations here.
FUNCTIONS = {
    "avg_over_time": "avg", "min_over_time": "min", "max_over_time": "max", "sum_over_time": "sum",
    "count_over_time": "count", "rate": "rate", "increase": "increase", "deriv": "deriv",
    "predict_linear": "predict_linear", "quantile_over_time": "quantile", "stddev_over_time": "stddev",
    "absent_over_time": "absent",
}  # fmt: skip
USE_A_SOURCE = "With a data source (--data-source), it is evaluated there."


def aggregated(name: str) -> str:
    """The message for an aggregation over series, such as `sum by`."""
    return (
        f"{name} aggregates several series; a rule aggregates by sum, avg, min, max and count, with by. {USE_A_SOURCE}"
    )


def unknown(name: str) -> str:
    """The message for any other function."""
    if name == "last_over_time":
        return "last_over_time is not supported; the metric itself is the latest reading."
    return f"{name} is not supported. Supported: {', '.join(FUNCTIONS)}. {USE_A_SOURCE}"


def arithmetic(sign: str) -> str:
    """The message for arithmetic with a metric."""
    return f"Arithmetic ({sign}) is not supported: push the result as a metric. {USE_A_SOURCE}"
