"""The part of PromQL that says what a rule of ours can say: comparisons of a metric, or of what a window of it comes
to, with a number, joined by `and` or by `or`.

The language: https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from dataclasses import dataclass
from decimal import Decimal


class Unsupported(Exception):
    """The expression is no PromQL, or says what no rule of ours can say."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric, with its label matchers as (label, operator, value); over `window` seconds where a `reducer` is."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...] = ()
    reducer: str = "last"
    window: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A selector compared with a number."""

    selector: Selector
    operator: str
    threshold: Decimal


@dataclass(frozen=True, slots=True)
class Joined:
    """Comparisons of which `all` or `any` must hold."""

    match: str
    comparisons: tuple[Comparison, ...]
