"""Change windows: pure. By weekday, in one time zone, also across midnight: `[{"days": [5, 6], "from": "22:00",
"until": "06:00"}]`. Without any, it is always open."""

from datetime import datetime
from typing import Any

from notifications.routing.quiet_hours import quiet_until, read
from notifications.routing.subscribers import zone_named


def is_open(window: Any, zone: str, now: datetime) -> bool:
    """Whether `now` is within the window."""
    hours = read(window)
    return not hours or quiet_until(hours, zone_named(zone), now) is not None
