"""Aggregations in words."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from rules.engine.conditions import PARAMETER_RANGES, met
from rules.engine.intervals import spelled
from rules.text.phrases import limit, number
from smartagent.kernel.coerce import as_number
from smartagent.kernel.durations import format_duration

# Of the watched series, over a window.
REDUCER_PHRASES = {
    "avg": "the average of {} over {}", "min": "the lowest of {} within {}", "max": "the highest of {} within {}",
    "sum": "the sum of {} over {}", "count": "the number of readings of {} within {}",
    "change": "the change of {} within {}", "percent_change": "the change in percent of {} within {}",
    "rate": "the rate per second of {} over {}", "increase": "the increase of {} within {}",
    "deriv": "the slope per second of {} over {}", "predict_linear": "the prediction of {} from {}",
    "quantile": "the quantile of {} over {}", "stddev": "the standard deviation of {} over {}",
    "absent": "the absence of {} within {}",
    "unusual": "the distance of {} from the usual at this hour of the week, in deviations,",
}  # fmt: skip
CHANGE_PHRASES = {
    "<": "fell by more than {}", "<=": "fell by at least {}", ">": "rose by more than {}", ">=": "rose by at least {}",
}  # fmt: skip
DEVIATION_PHRASES = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}
MAX_SHOWN_SECONDS = PARAMETER_RANGES["predict_linear"][1]


def aggregated(reducer: Any, watched: str, window: str, parameter: Any = None) -> str:
    """The watched series, aggregated: `the average of cpu over 1 hour`, `the 95th percentile of cpu over 1 hour`."""
    found = as_number(parameter)
    if reducer == "quantile" and found is not None:
        return f"{_percentile(found)} of {watched} over {window}"
    if reducer == "predict_linear" and found is not None and 0 <= found <= MAX_SHOWN_SECONDS:
        return f"{watched} predicted in {spelled(timedelta(seconds=found))} from {window}"
    return REDUCER_PHRASES[reducer].format(watched, window) if reducer in REDUCER_PHRASES else watched


def aggregation_met(
    reducer: Any, watched: str, window: timedelta, parameter: Any, operator: Any, threshold: Any
) -> str:
    """An aggregation that is past its threshold: `the average of cpu over 1 hour is above 90`."""
    if reducer == "absent" and operator in ABSENCE_OPERATORS:
        answers = [met(value, operator, float(threshold)) for value in (0.0, 1.0)]
        if answers[0] != answers[1]:
            return f"there is {'no' if answers[1] else 'a'} reading of {watched} within {spelled(window)}"
    if reducer == "unusual" and operator in DEVIATION_PHRASES:
        far = f"{DEVIATION_PHRASES[operator]} {number(threshold)} deviations"
        return f"{watched} is {far} from what is usual at this hour of the week"
    size, falls = float(threshold), operator in ("<", "<=")
    if reducer in ("change", "percent_change") and operator in CHANGE_PHRASES and (size < 0 if falls else size > 0):
        unit = " %" if reducer == "percent_change" else ""
        return f"{watched} {CHANGE_PHRASES[operator].format(number(abs(size)) + unit)} within {spelled(window)}"
    return f"{aggregated(reducer, watched, spelled(window), parameter)} is {limit(operator, threshold)}"


def shown_parameter(reducer: Any, parameter: Any) -> str:
    """A parameter as people write it: `0.95` for a quantile, `4h` for a prediction; empty without one."""
    found = as_number(parameter)
    if found is None:
        return "" if parameter is None else str(parameter)
    if reducer == "predict_linear" and 0 < found <= MAX_SHOWN_SECONDS and found == int(found):
        return format_duration(timedelta(seconds=found))
    return f"{Decimal(str(parameter)).normalize():f}"


def _percentile(share: float) -> str:
    percent = number(round(share * 100, 6))
    if share == 0.5:
        return "the median"
    ends = "th" if percent[-2:] in ("11", "12", "13") or "." in percent else ENDINGS.get(percent[-1], "th")
    return f"the {percent}{ends} percentile"


ENDINGS = {"1": "st", "2": "nd", "3": "rd"}
ABSENCE_OPERATORS = ("<", "<=", ">", ">=", "=", "!=")
