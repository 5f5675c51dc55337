"""The effect of an optimization: the readings of the day before it was applied, compared with those of the day after.

The verdict is stored once that day is over. A change that made the metric worse is rolled back if the policy says so.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from optimizer.inert import changed_nothing
from optimizer.journal.entries import entry, log, write_entries
from optimizer.measurement.readings import observations, readings_of
from optimizer.models import OptimizationEvent
from optimizer.significance import compare
from rules.text.entry import number
from smartagent.kernel.coerce import as_number

WINDOW = timedelta(hours=24)


def begin_to_measure(event: OptimizationEvent, now: datetime) -> None:
    """Store the readings before, in the current transaction. Without a metric, or a change, nothing is measured."""
    if not event.metric or changed_nothing(event):
        return
    before = readings_of(event.user_id, event.metric, event.target, now - WINDOW, now)
    event.effect, event.measure_at = {"before": before}, now + WINDOW
    event.save(update_fields=["effect", "measure_at"])


def measure(event: OptimizationEvent, now: datetime) -> str:
    """Compare the readings up to `now`, store and return the verdict."""
    known = event.effect if isinstance(event.effect, dict) else {}
    begun = event.applied_at or now
    after = readings_of(event.user_id, event.metric, event.target, begun, min(now, begun + WINDOW))
    observed = partial(observations, event.metric)
    effect = compare(known.get("before") or [], after, event.operator, _threshold(event), observed)
    values = asdict(effect)
    with transaction.atomic():
        unmeasured = OptimizationEvent.objects.filter(pk=event.pk, verdict="")
        figures = {
            "before": known.get("before") or [],
            "after": after,
            **{f"of_{name}": v for name, v in values.items()},
        }
        if not unmeasured.update(verdict=effect.verdict, effect=figures):
            return effect.verdict  # another worker has measured it
        write_entries([entry(event, "measured", now, verdict=effect.verdict, mean_before=effect.before,
                             mean_after=effect.after)])  # fmt: skip
        log(event, "measure", now, details={"verdict": effect.verdict, "before": number(effect.before),
                                            "after": number(effect.after)})  # fmt: skip
    return effect.verdict


def due(now: datetime, maximum: int = 100) -> list[OptimizationEvent]:
    """Proposals whose day of measurement is over."""
    waiting = OptimizationEvent.objects.filter(verdict="", measure_at__lte=now, status="applied")
    return list(waiting.select_related("rule").order_by("measure_at")[:maximum])


def _threshold(event: OptimizationEvent) -> float:
    before = event.before if isinstance(event.before, dict) else {}
    return as_number(before.get("threshold")) or 0.0
