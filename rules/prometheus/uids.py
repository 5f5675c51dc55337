"""Uids of imported alerts, from group, alert and severity: on the next import an alert keeps its rule, state and
history."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of an alert in its file; `content` is its expression with its labels."""

    group: str
    alert: str
    severity: str
    content: str

    @property
    def name(self) -> str:
        """Group and alert, as the start of a uid."""
        return _plain(f"{self.group}/{self.alert}" if self.group else self.alert)[:150].rstrip("-_.:/@") or "alert"

    @property
    def level(self) -> str:
        """The severity, as a part of a uid."""
        return _plain(self.severity)[:30]

    @property
    def digest(self) -> str:
        """A short hash of the content."""
        return blake2b(self.content.encode(), digest_size=4).hexdigest()


class Uids:
    """The uids of one file. An alert with a unique name in its group gets the name; else the severity is added, or,
    where that is not unique, a hash of the content. The order never counts, so no alert takes over the state of one
    that was removed. Alerts that cannot be imported count too, so that no uid changes when one becomes importable."""

    def __init__(self, alerts: Iterable[Identity]) -> None:
        alerts = list(alerts)
        self.names = Counter(each.name for each in alerts)
        self.levels = Counter((each.name, each.level) for each in alerts)
        self.used: set[str] = set()

    def of(self, alert: Identity) -> str:
        """The uid of the next alert of the file; of identical alerts, all after the first get a number."""
        found = self._called(alert)
        found = f"{found}-{alert.digest}" if found in self.used else found
        uid, number = found, 2
        while uid in self.used:
            uid, number = f"{found}-{number}", number + 1
        self.used.add(uid)
        return uid

    def all_of(self, alerts: Iterable[Identity]) -> list[str]:
        """The uids of all alerts of the file."""
        return [self.of(alert) for alert in alerts]

    def _called(self, alert: Identity) -> str:
        if self.names[alert.name] == 1:
            return alert.name
        if alert.level and self.levels[alert.name, alert.level] == 1:
            return f"{alert.name}-{alert.level}"
        return "-".join(filter(None, (alert.name, alert.level, alert.digest)))


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.:/@-]+", "-", text).strip("-_.:/@")
