"""The load that a machine carried: what was asked for may be more than it can."""

from collections.abc import Sequence
from typing import Any

from smartagent.bench.faults.options import BenchOptions
from smartagent.bench.faults.soak.rows import percentile_of
from smartagent.bench.faults.stage import Stage

DELIVERED = "SELECT count(*) FROM deliveries WHERE status = 'delivered'"
EVALUATIONS = """SELECT extract(epoch FROM finished_at - started_at)::float8 FROM dispatch_runs
                  WHERE outcome = 'completed' AND trigger = 'schedule'
                    AND finished_at - started_at BETWEEN '0' AND '15 min'  -- the clock was not set meanwhile"""
RULES = "SELECT count(*) FROM automation_rules"


def load_carried(stage: Stage, options: BenchOptions, seconds: float) -> dict[str, Any]:
    """What was asked for, and what was done in so many seconds, those of the faults included."""
    pages = [each.seconds for each in stage.load.pages.answers]
    with stage.database.connect() as connection:
        evaluations = [each for (each,) in connection.execute(EVALUATIONS)]
        delivered, rules = (_number(connection, statement) for statement in (DELIVERED, RULES))
    return {
        "rules": rules,
        "every_s": options.every,
        "people": options.people,
        "minutes": round(seconds / 60, 1),
        "deliveries_per_s_wanted": options.rate,
        "deliveries_per_s": round(delivered / seconds, 1),
        "samples_per_s_wanted": options.samples,
        "samples_per_s": round(len(stage.load.samples.acknowledged) / seconds, 1),
        "pages_per_s": round(len(pages) / seconds, 1),
        **_percentiles("page", pages),
        "evaluations": len(evaluations),
        **_percentiles("evaluation", evaluations),
    }


def _percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    return {f"{name}_s_p{each}": round(percentile_of(seconds, each), 3) for each in (50, 99) if seconds}


def _number(connection: Any, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])
