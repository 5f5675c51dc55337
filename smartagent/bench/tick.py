"""Duration of an evaluation, and of the bare SQL that it needs at least."""

import resource
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import DispatchRun
from smartagent.bench.floors import copy_again, count_breaches
from smartagent.bench.people import break_rules, forget_everything_that_happened, make_rules

EVALUATION_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class TickFigures:
    """Seconds are medians of five; the ratios of recording and acting are None if nothing changed."""

    rules: int
    changed: int
    seconds: float
    floor_seconds: float
    ratio: float
    rules_per_second: int
    record_ratio: float | None
    action_ratio: float | None
    peak_mb: float

    def as_dict(self) -> dict[str, float | None]:
        return asdict(self)


def bench_tick(rules: int, percent: float) -> TickFigures:
    """Measure in the database of the default connection, which must be a scratch database."""
    now = timezone.now()
    make_rules(rules, now)
    _tick(now)  # the first tick keeps the first value of each built-in series; later ones only changes
    break_rules(round(rules * percent / 100))
    rounds = [_round(now + timedelta(seconds=number + 1)) for number in range(EVALUATION_ROUNDS)]
    seconds, floor = (median(column) for column in list(zip(*rounds, strict=True))[:2])
    changed = rounds[0][2]
    return TickFigures(
        rules=rules, changed=changed, seconds=round(seconds, 3), floor_seconds=round(floor, 3),
        ratio=round(seconds / floor, 2), rules_per_second=round(rules / seconds),
        record_ratio=round(median(r[3] for r in rounds), 2) if changed else None,
        action_ratio=round(median(r[4] for r in rounds), 2) if changed else None,
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )  # fmt: skip


def _round(now: datetime) -> tuple[float, float, int, float, float]:
    """Return (seconds of the evaluation, of its floor, changed instances, ratio of recording, ratio of acting)."""
    forget_everything_that_happened()
    floor = count_breaches(now)
    started = time.perf_counter()
    run = _tick(now)
    seconds = time.perf_counter() - started
    if not run.triggered:
        return seconds, floor, 0, 0.0, 0.0
    record = run.stage_ms["record"] / 1000 / copy_again("rule_states", "agent_activity_log")
    action = run.stage_ms["execute"] / 1000 / copy_again("notifications", "deliveries")
    return seconds, floor, run.triggered, record, action


def _tick(now: datetime) -> DispatchRun:
    return dispatch(now, DispatchRun.Trigger.COMMAND)
