"""What the page of an alert says at its top: the reading now, who was notified, and what else moved."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rules.engine.open_alerts import is_open
from rules.explain.consequence import Consequence, consequences_of
from rules.instances.other_series import MovedSeries, other_series
from rules.instances.quick_actions import verbs_for
from rules.instances.reading_now import readings_of
from rules.instances.threshold_history import threshold_history
from rules.models import ActivityEntry, RuleState
from rules.text.alert import aggregation_in_short, value_and_limit
from smartagent.kernel.durations import length_text
from smartagent.kernel.scope import has_everyone

MAX_ENTRIES_ASKED, MAX_NOTIFIED = 10, 6


def head_of(state: RuleState, viewer: Any, now: datetime, *, may_change: bool) -> dict[str, Any]:
    """The reading now, that when it fired, for how long, and the actions."""
    fires, (value, against) = is_open(state.condition, state.fired_at), value_and_limit(state)
    return {
        "reading": readings_of([state], now)[0],
        "aggregated": aggregation_in_short(state.rule), "fired_at_value": None if state.value is None else value,
        "crossed": against,
        "lasts": length_text(now - (state.fired_at or state.since)),
        "verbs": verbs_for([state], viewer) if may_change and fires else [],
    }  # fmt: skip


def notified(state: RuleState, entries: Sequence[ActivityEntry], viewer: Any) -> list[tuple[str, list[Consequence]]]:
    """What followed the newest entries of the episode that acted, by source, the newest first."""
    begun = state.fired_at or state.since
    acted = [one for one in entries if one.action_taken not in ("", "none", None) and one.created_at >= begun]
    asked = acted[:MAX_ENTRIES_ASKED]
    if not asked:
        return []
    found: dict[str, list[Consequence]] = {}
    consequences = consequences_of(asked, viewer)
    for entry in asked:
        for source, lines in consequences.get(entry.pk, []):
            found.setdefault(source.label, []).extend(lines)
    return [(label, _newest(lines)) for label, lines in found.items()]


def _newest(lines: list[Consequence]) -> list[Consequence]:
    ordered = sorted(set(lines), key=lambda line: (line.at is not None, line.at, line.text), reverse=True)
    return ordered[:MAX_NOTIFIED]


def moved(state: RuleState, viewer: Any, now: datetime) -> list[MovedSeries] | None:
    """What else moved when the alert fired; None where the viewer may not see the person's readings."""
    own = viewer.pk == state.user_id or has_everyone(viewer, "view")
    if not own or not viewer.has_perm("rules.view_metricsample"):
        return None
    return other_series(state, state.fired_at or state.since, now)


def thresholds(state: RuleState, days: int, now: datetime) -> dict[str, Any]:
    """The thresholds over the last `days`, for the chart, and the changes of the rule in them."""
    history = threshold_history(state.rule, now - timedelta(days=days), now)
    return {"changes": history.changes[::-1], "steps": history.as_json(now)}
