"""Duration of an evaluation, and of the bare SQL that it needs at least."""

import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone

from rules.audit.sealing import seal
from rules.evaluation.dispatcher import dispatch
from rules.models import DispatchRun
from smartagent.bench.bench_process import peak_memory_mb
from smartagent.bench.chain import unchained
from smartagent.bench.floors import copy_again, count_breaches
from smartagent.bench.people import break_rules, forget_everything_that_happened, make_rules

QUIET_ROUNDS = 5
STORM_ROUNDS = 3  # long ones vary less


@dataclass(frozen=True, kw_only=True)
class TickFigures:
    """Seconds are medians of five rounds, or of three where rules change. The ratios of recording and acting are None
    where nothing changed, those of the chain also where it was not asked for: `chain_ratio` is recording to recording
    without the triggers of the chain, `sealing_ratio` the seconds of sealing to the same."""

    rules: int
    changed: int
    seconds: float
    floor_seconds: float
    ratio: float
    rules_per_second: int
    record_ratio: float | None
    action_ratio: float | None
    chain_ratio: float | None
    sealing_ratio: float | None
    peak_mb: float

    def as_dict(self) -> dict[str, float | None]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Round:
    """Seconds of one evaluation, of its stages that write, and of sealing what they wrote; and of the floors."""

    seconds: float
    floor: float
    changed: int
    record: float
    action: float
    sealing: float = 0.0
    record_floor: float = 0.0
    action_floor: float = 0.0


def bench_tick(rules: int, percent: float, chain: bool = False) -> TickFigures:
    """Measure in the database of the default connection, which must be a scratch database; with `chain` each round is
    repeated without the chain of the activity log."""
    now = timezone.now()
    make_rules(rules, now)
    _tick(now)  # the first tick keeps the first value of each built-in series; later ones only changes
    break_rules(round(rules * percent / 100))
    times = [now + timedelta(seconds=number + 1) for number in range(STORM_ROUNDS if percent else QUIET_ROUNDS)]
    rounds, bare = [], []
    for each in times:
        rounds.append(_round(each, sealed=chain))
        if chain:
            with unchained():
                bare.append(_round(each, floors=False))
    seconds, floor = median(each.seconds for each in rounds), median(each.floor for each in rounds)
    changed = rounds[0].changed
    return TickFigures(
        rules=rules, changed=changed, seconds=round(seconds, 3), floor_seconds=round(floor, 3),
        ratio=round(seconds / floor, 2), rules_per_second=round(rules / seconds),
        record_ratio=round(median(each.record / each.record_floor for each in rounds), 2) if changed else None,
        action_ratio=round(median(each.action / each.action_floor for each in rounds), 2) if changed else None,
        chain_ratio=_ratio([each.record for each in rounds], bare) if changed and chain else None,
        sealing_ratio=_ratio([each.sealing for each in rounds], bare) if changed and chain else None,
        peak_mb=round(peak_memory_mb(), 1),
    )  # fmt: skip


def _ratio(seconds: list[float], bare: list[Round]) -> float:
    """The median to that of recording without the chain."""
    return round(median(seconds) / median(each.record for each in bare), 2)


def _round(now: datetime, *, floors: bool = True, sealed: bool = False) -> Round:
    forget_everything_that_happened()
    floor = count_breaches(now) if floors else 0.0
    started = time.perf_counter()
    run = _tick(now)
    measured = Round(
        seconds=time.perf_counter() - started, floor=floor, changed=run.triggered,
        record=run.stage_ms["record"] / 1000, action=run.stage_ms["execute"] / 1000,
    )  # fmt: skip
    if not run.triggered:
        return measured
    if sealed:
        measured = replace(measured, sealing=_seal(now))
    if not floors:
        return measured
    return replace(
        measured,
        record_floor=copy_again("rule_states", "agent_activity_log"),
        action_floor=copy_again("notifications", "deliveries"),
    )


def _seal(now: datetime) -> float:
    """The seconds of sealing the entries that wait."""
    started = time.perf_counter()
    seal(now)
    return time.perf_counter() - started


def _tick(now: datetime) -> DispatchRun:
    return dispatch(now, DispatchRun.Trigger.COMMAND)
