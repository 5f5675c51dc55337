"""Rules of ten on each person, none of which changes: an evaluation, its memory, and the tables."""

from smartagent.bench.growth.sizes import Measured, bytes_of
from smartagent.bench.scratch import scratch_database
from smartagent.bench.tick import bench_tick

RULE_TABLES = ("automation_rules", "rule_states", "metric_series")


def measure_rules(size: int) -> Measured:
    """So many rules in a database of their own."""
    with scratch_database():
        figures = bench_tick(size, 0)
        return {
            ("quiet evaluation", "s"): figures.seconds,
            ("peak memory of the evaluation", "MB"): figures.peak_mb,
            ("rules, instances and series on disk", "bytes"): bytes_of(*RULE_TABLES),
        }  # fmt: skip
