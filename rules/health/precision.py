"""The precision of a rule: the share of its firings that people rated as useful. Pure."""

from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054  # 95 % of a normal distribution lie within so many standard deviations
MIN_FEEDBACK = 5  # judgements, to call a precision poor
POOR = 0.5


@dataclass(frozen=True, slots=True)
class Precision:
    """Counts of feedback: useful and noise."""

    useful: int = 0
    noise: int = 0

    @property
    def judged(self) -> int:
        return self.useful + self.noise

    @property
    def share(self) -> float | None:
        """The useful share of all that was rated, 0 to 1."""
        return self.useful / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the share."""
        return wilson(self.useful, self.judged)

    @property
    def is_poor(self) -> bool:
        """Whether there is enough feedback to conclude that most of it is noise."""
        return self.judged >= MIN_FEEDBACK and self.interval[1] < POOR

    def __str__(self) -> str:
        if not self.judged:
            return "No feedback yet."
        low, high = self.interval
        return (
            f"{self.useful:,} of {self.judged:,} rated alerts {'was' if self.useful == 1 else 'were'} useful: "
            f"{100 * self.useful / self.judged:.0f} % (95 % confidence interval: {100 * low:.0f} to "
            f"{100 * high:.0f} %)."
        )


def wilson(hits: int, total: int, z: float = Z) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion, valid for small counts and shares near 0 and 1.

    E. B. Wilson, “Probable inference, the law of succession, and statistical inference”, Journal of the American
    Statistical Association 22 (1927), pages 209 to 212.
    """
    if not total:
        return 0.0, 1.0
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = z * sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def upper_sql(hits: str, total: str) -> str:
    """Return the interval's upper end as an SQL expression, from two SQL expressions; `total` must not be 0."""
    share, count, square = f"({hits}::float8 / {total})", f"{total}::float8", f"{Z * Z!r}"
    root = f"sqrt({share} * (1 - {share}) / {count} + {square} / (4 * {count} * {count}))"
    return f"least(1, ({share} + {square} / (2 * {count}) + {Z!r} * {root}) / (1 + {square} / {count}))"
