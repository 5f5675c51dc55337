"""The thresholds of a rule as they were over a period, and when it was changed."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from rules.engine.conditions import drawn_level
from rules.models import AutomationRule
from rules.text.phrases import number

THRESHOLDS = {"threshold": "threshold_value", "critical": "critical_threshold", "recovery": "recovery_threshold"}
MAX_RULE_CHANGES = 50


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A change of the rule: when, by whom, and what it did to the thresholds."""

    at: datetime
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class ThresholdHistory:
    """The level of each threshold from each time on, the first at the start of the period; and the changes in it."""

    levels: dict[str, list[tuple[datetime, float | None]]]
    changes: list[RuleChange]

    def as_json(self, end: datetime) -> dict[str, Any]:
        """The lines of the chart as steps, up to `end`, and the times of changes; milliseconds."""
        steps = {name: [*points, (end, points[-1][1])] for name, points in self.levels.items()}
        return {
            "levels": {name: [[_ms(at), level] for at, level in points] for name, points in steps.items()},
            "changes": [_ms(change.at) for change in self.changes],
        }


def threshold_history(rule: AutomationRule, start: datetime, end: datetime) -> ThresholdHistory:
    """The thresholds of `rule` between two times, from its versions: two queries; those of today where there are no
    versions."""
    versions = rule.history.select_related("history_user").order_by("-history_date", "-history_id")
    inside = list(versions.filter(history_date__gt=start, history_date__lte=end)[:MAX_RULE_CHANGES])[::-1]
    before = versions.filter(history_date__lte=start).first()
    known = [(start, before or (inside[0] if inside else rule)), *((each.history_date, each) for each in inside)]
    levels = {name: [(at, _level(each, field)) for at, each in known] for name, field in THRESHOLDS.items()}
    changes = [
        RuleChange(new.history_date, str(new.history_user or "somebody"), _words(old, new))
        for (_, old), (_, new) in pairwise(known)
        if new.history_type == "~"
    ]
    return ThresholdHistory({name: steps for name, steps in levels.items() if _is_known(steps)}, changes)


def _is_known(steps: list[tuple[datetime, float | None]]) -> bool:
    return any(level is not None for _, level in steps)


def _level(version: Any, field: str) -> float | None:
    return drawn_level(getattr(version, field))


def _words(old: Any, new: Any) -> str:
    """`threshold from 65 to 71`; `rule changed` where the thresholds stayed."""
    pairs = [(name, _level(old, field), _level(new, field)) for name, field in THRESHOLDS.items()]
    changed = [
        f"{name if name == 'threshold' else f'{name} threshold'} from {_text(before)} to {_text(after)}"
        for name, before, after in pairs
        if before != after
    ]
    return ", ".join(changed) or "rule changed, thresholds as before"


def _text(level: float | None) -> str:
    return "none" if level is None else number(level)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
