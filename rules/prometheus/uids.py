"""Uids of imported alerts: from group, alert and severity, so that an alert keeps its rule, state and history."""

import re
from collections import Counter


class Uids:
    """The uids of one file. An alert whose name others of its group have too is told from them by its severity, then
    by a number. Alerts that cannot be imported count, so that none moves when one of them can be."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()

    def of(self, group: str, alert: str, severity: str) -> str:
        """The uid of the next alert of the file."""
        base = _plain(f"{group}/{alert}" if group else alert)[:150].rstrip("-_.:/@") or "alert"
        found = base
        if base in self.used and severity and _plain(severity):
            found = f"{base}-{_plain(severity)[:30]}"
        uid, number = found, 2
        while uid in self.used:
            uid, number = f"{found}-{number}", number + 1
        self.used[uid] += 1
        return uid


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.:/@-]+", "-", text).strip("-_.:/@")
