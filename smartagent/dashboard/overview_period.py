"""The period of the overview: the last 24 hours, 7 or 30 days, and the one before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from smartagent.rest.periods import LENGTHS

OVERVIEW_PERIODS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
SHORT = {"24h": "24 h", "7d": "7 days", "30d": "30 days"}
BAR_WIDTHS = {"24h": timedelta(hours=1), "7d": timedelta(hours=12), "30d": timedelta(days=1)}
DEFAULT_PERIOD = "24h"
PERIOD_PARAMETER = "within"


@dataclass(frozen=True, slots=True)
class OverviewPeriod:
    """The period under `name`, until `end`; `step` is the time of a bar."""

    name: str
    end: datetime

    @property
    def length(self) -> timedelta:
        return LENGTHS[self.name]

    @property
    def start(self) -> datetime:
        return self.end - self.length

    @property
    def before(self) -> datetime:
        """The start of the period before."""
        return self.start - self.length

    @property
    def step(self) -> timedelta:
        return BAR_WIDTHS[self.name]

    @property
    def words(self) -> str:
        """`the last 24 hours`."""
        return f"the last {OVERVIEW_PERIODS[self.name]}"

    @property
    def short(self) -> str:
        """For labels of numbers: `24 h`."""
        return SHORT[self.name]

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Every period: name, label, and whether it is the one that is shown."""
        return [(name, label, name == self.name) for name, label in OVERVIEW_PERIODS.items()]


def period_of(parameters: Mapping[str, str], now: datetime) -> OverviewPeriod:
    """The period that the address asks for; the last 24 hours where it asks for none that there is."""
    asked = parameters.get(PERIOD_PARAMETER, "")
    return OverviewPeriod(asked if asked in OVERVIEW_PERIODS else DEFAULT_PERIOD, now)
