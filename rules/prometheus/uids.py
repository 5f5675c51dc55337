"""Uids of imported alerts: from group, alert and severity, so that an alert keeps its rule, state and history."""

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
        """Group and alert, as a uid has them."""
        return _plain(f"{self.group}/{self.alert}" if self.group else self.alert)[:150].rstrip("-_.:/@") or "alert"

    @property
    def level(self) -> str:
        """The severity, as a uid has it."""
        return _plain(self.severity)[:30]

    @property
    def digest(self) -> str:
        """A short hash of the content."""
        return blake2b(self.content.encode(), digest_size=4).hexdigest()


class Uids:
    """The uids of one file. An alert whose name no other of its group has is called by it. Others are told apart by
    their severity where that does, else by a hash of what they say: never by their order, so that none takes over the
    state of one that was removed. Alerts that cannot be imported count, so that none moves when one of them can be."""

    def __init__(self, alerts: Iterable[Identity]) -> None:
        alerts = list(alerts)
        self.names = Counter(each.name for each in alerts)
        self.levels = Counter((each.name, each.level) for each in alerts)
        self.used: set[str] = set()

    def of(self, alert: Identity) -> str:
        """The uid of the next alert of the file; only of two that say the same, the second has a number."""
        found = self._called(alert)
        found = f"{found}-{alert.digest}" if found in self.used else found
        uid, number = found, 2
        while uid in self.used:
            uid, number = f"{found}-{number}", number + 1
        self.used.add(uid)
        return uid

    def _called(self, alert: Identity) -> str:
        if self.names[alert.name] == 1:
            return alert.name
        if alert.level and self.levels[alert.name, alert.level] == 1:
            return f"{alert.name}-{alert.level}"
        return "-".join(filter(None, (alert.name, alert.level, alert.digest)))


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.:/@-]+", "-", text).strip("-_.:/@")
