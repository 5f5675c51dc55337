"""Measure how fast things are, as ratios to floors measured in the same run."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from smartagent.bench.scratch import scratch_database
from smartagent.bench.tick import bench_tick


def count(text: str) -> int:
    """A number of rules, 1 to 10,000,000."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise ArgumentTypeError(f"{text!r} is not a number of rules; write 1 to 10000000.")
    return int(text)


def percentage(text: str) -> float:
    """A percentage, 0 to 100."""
    try:
        percent = float(text)
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:
        raise ArgumentTypeError(f"{text!r} is not a percentage; write 0 to 100.")
    return percent


class Command(BaseCommand):
    help = "Measures speed in a scratch database that it makes and drops."

    def add_arguments(self, parser: ArgumentParser) -> None:
        benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
        tick = benches.add_parser("tick", help="an evaluation of all rules")
        tick.add_argument("--rules", type=count, default=100_000, metavar="N")
        tick.add_argument("--change", type=percentage, default=0.0, metavar="PERCENT", help="how many of them fire")
        tick.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        with scratch_database():
            figures = bench_tick(options["rules"], options["change"]).as_dict()
        if options["format"] == "json":
            self.stdout.write(json.dumps(figures))
            return
        width = max(len(name) for name in figures)
        for name, figure in figures.items():
            self.stdout.write(f"{name.replace('_', ' '):<{width}}  {'-' if figure is None else format(figure, ',')}")
