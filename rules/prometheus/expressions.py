"""The supported part of PromQL: a metric, or an aggregation over a time window of it, compared with a number; such
comparisons joined by `and` or by `or`.

The language: https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from dataclasses import dataclass
from decimal import Decimal


class Unsupported(Exception):
    """The expression is not valid PromQL, or cannot be expressed as a rule of Smart Agent."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric with its label matchers (label, operator, value); with a `reducer`, aggregated over `window` seconds."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...] = ()
    reducer: str = "last"
    window: float = 0.0
    parameter: float | None = None  # of a quantile its share, of a prediction the seconds ahead
    aggregate: str = ""  # of the series that have the labels in `by` in common
    by: tuple[str, ...] = ()

    @property
    def is_of_series(self) -> bool:
        """Whether it chooses series by labels, or aggregates them; one of a target alone does not."""
        return bool(self.aggregate) or any((label, sign) != ("target", "=") for label, sign, _ in self.matchers)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A selector compared with a number."""

    selector: Selector
    operator: str
    threshold: Decimal


@dataclass(frozen=True, slots=True)
class Joined:
    """Comparisons, of which `all` or `any` must be met."""

    match: str
    comparisons: tuple[Comparison, ...]
