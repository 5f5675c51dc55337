"""Measure how fast things are, as ratios to floors measured in the same run."""

import json
import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from smartagent.bench.adopt import NotTakenOver, bench_adopt
from smartagent.bench.api.job import EndedEarly
from smartagent.bench.api.roles import ROLES
from smartagent.bench.api.run import NotInstalled, bench_api, require_schemathesis
from smartagent.bench.backtest import bench_backtest
from smartagent.bench.bench_process import measured
from smartagent.bench.deliver import Stuck, bench_deliver
from smartagent.bench.faults.host import NotRun, run_on_scratch
from smartagent.bench.faults.options import BenchOptions
from smartagent.bench.faults.run import every_fault
from smartagent.bench.growth.run import DIMENSIONS, bench_growth
from smartagent.bench.hostile.run import bench_hostile
from smartagent.bench.ingest import NotTaken, bench_ingest
from smartagent.bench.pages import bench_pages
from smartagent.bench.scratch import scratch_database


def count(text: str) -> int:
    """A number of rules or rows, 1 to 10,000,000."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise ArgumentTypeError(f"{text!r} is not a number of them; write 1 to 10000000.")
    return int(text)


def size(text: str) -> int:
    """A number of rows, 1 to 1,000,000,000."""
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000_000:
        raise ArgumentTypeError(f"{text!r} is not a number of them; write 1 to 1000000000.")
    return int(text)


def interval(text: str) -> int:
    """Seconds between two evaluations, 15 to 3600."""
    if not text.isdecimal() or not 15 <= int(text) <= 3600:
        raise ArgumentTypeError(f"{text!r} is no number of seconds between evaluations; write 15 to 3600.")
    return int(text)


def few(text: str) -> int:
    """A number of kills or workers, 0 to 1000."""
    if not text.isdecimal() or int(text) > 1000:
        raise ArgumentTypeError(f"{text!r} is not a number of them; write 0 to 1000.")
    return int(text)


def fault(text: str) -> str:
    """The name of a fault, also with hyphens."""
    names = [each.name for each in every_fault()]
    if (name := text.replace("-", " ")) not in names:
        raise ArgumentTypeError(f"There is no fault {text!r}; there are {', '.join(names)}.")
    return name


def percentage(text: str) -> float:
    """A percentage, 0 to 100."""
    try:
        percent = float(text)
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:
        raise ArgumentTypeError(f"{text!r} is not a percentage; write 0 to 100.")
    return percent


# What a row of faults says in sentences and in detail.
ONLY_IN_JSON = {
    "cause", "holds", "problem", "chain_valid", "chain", "recovered", "settled_s", "counts", "failed_requests", "seen",
    "tenths",
}  # fmt: skip


class Command(BaseCommand):
    help = "Measures performance in a temporary database."
    requires_system_checks = []  # they load every page, whose memory would be measured

    def add_arguments(self, parser: ArgumentParser) -> None:
        benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
        tick = benches.add_parser("tick", help="an evaluation of all rules")
        tick.add_argument("--rules", type=count, default=100_000, metavar="N")
        tick.add_argument("--change", type=percentage, default=0.0, metavar="PERCENT", help="how many of them fire")
        tick.add_argument("--chain", action="store_true", help="also without the chain of the activity log")
        tick.add_argument("--series", type=count, metavar="N", help="one rule on so many series instead")
        adopt = benches.add_parser("adopt", help="taking over a legacy database that is in use")
        adopt.add_argument("--rows", type=count, default=1_000_000, metavar="N", help="in its largest table")
        backtest = benches.add_parser("backtest", help="a rule over the history of many people")
        backtest.add_argument("--days", type=count, default=30, metavar="N", help="of a reading every five minutes")
        backtest.add_argument("--people", type=count, default=1000, metavar="N")
        deliver = benches.add_parser("deliver", help="sending by webhooks, while workers are killed")
        deliver.add_argument("--count", type=count, default=5000, metavar="N", help="of the messages")
        deliver.add_argument("--kill", type=few, default=0, metavar="N", help="how often a worker is killed")
        processes = settings.DELIVERY_PROCESSES
        deliver.add_argument("--workers", type=count, default=processes, metavar="N", help="processes of `deliver`")
        deliver.add_argument("--latency", type=few, default=0, metavar="MS", help="of the receiver")
        deliver.add_argument("--lease", type=count, default=10, metavar="SECONDS")
        pages = benches.add_parser("pages", help="pages and the export over a long activity log")
        pages.add_argument("--entries", type=count, default=1_000_000, metavar="N", help="of the activity log")
        ingest = benches.add_parser("ingest", help="pushing samples by each protocol")
        ingest.add_argument("--samples", type=count, default=1_000_000, metavar="N")
        api = benches.add_parser("api", help="requests to the API, right and wrong, as each role")
        api.add_argument("--cases", type=count, default=20_000, metavar="N", help="of all roles together")
        api.add_argument("--role", choices=ROLES, action="append", help="only this one; may be given several times")
        api.add_argument("--seed", type=few, default=1, metavar="N", help="another one makes other requests")
        hostile = benches.add_parser("hostile", help="hostile texts in every text field of forms and API")
        hostile.add_argument("--inputs", type=count, default=100, metavar="N", help="for each field")
        growth = benches.add_parser("growth", help="what costs grow with, and how much")
        growth.add_argument("--of", choices=DIMENSIONS, action="append", help="only these; may be given several times")
        growth.add_argument("--largest", type=size, default=1_000_000, metavar="N", help="size that is measured")
        faults = benches.add_parser("faults", help="the whole system under load, while one part after the other fails")
        faults.add_argument(
            "--only", type=fault, action="append", default=[], metavar="NAME", help="only this one, such as web-killed"
        )
        self._add_load(faults)
        soak = benches.add_parser("soak", help="the same load for a long time: what grows that should not")
        soak.add_argument("--minutes", type=count, default=120, metavar="N")
        self._add_load(soak)
        for bench in (tick, adopt, backtest, deliver, pages, ingest, api, hostile, growth, faults, soak):
            bench.add_argument("--format", choices=["text", "json"], default="text")

    def _add_load(self, bench: ArgumentParser) -> None:
        """Options of the load of a whole system."""
        bench.add_argument("--rules", type=count, default=100_000, metavar="N")
        bench.add_argument("--rate", type=count, default=50, metavar="N", help="of deliveries in a second")
        bench.add_argument("--samples", type=count, default=200, metavar="N", help="in a second")
        bench.add_argument("--people", type=count, default=20, metavar="N", help="who read pages")
        bench.add_argument("--every", type=interval, default=15, metavar="SECONDS", help="between two evaluations")

    def handle(self, *args: Any, **options: Any) -> None:
        benches = {
            "tick": self._tick, "adopt": self._adopt, "backtest": self._backtest, "deliver": self._deliver,
            "pages": self._pages, "ingest": self._ingest, "api": self._api,
            "hostile": self._hostile, "growth": self._growth, "faults": self._faults,
            "soak": self._soak,
        }  # fmt: skip
        figures = benches[options["bench"]](options)
        self._write(figures, options["format"])
        if figures.get("failures"):
            raise CommandError(f"{figures['failures']} failures", returncode=1)

    def _write(self, figures: Mapping[str, Any], form: str) -> None:
        if form == "json":
            self.stdout.write(json.dumps(figures))
            return
        width = max(len(name) for name in figures)
        for name, figure in figures.items():
            if name == "failed":
                self.stdout.writelines(f"\n\n{self._failure_text(each)}" for each in figure)
            elif isinstance(figure, list):
                self._write_table(figure)
            elif isinstance(figure, dict):
                self.stdout.writelines(f"{each.replace('_', ' ')}  {value:,}\n" for each, value in figure.items())
            else:
                self.stdout.write(f"{name.replace('_', ' '):<{width}}  {self._shown(figure)}")

    def _failure_text(self, failure: Mapping[str, str]) -> str:
        return "\n".join(f"{name}: {text}" for name, text in failure.items() if text)

    def _write_table(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Each row: its name, its other figures, and its ratio at the end."""
        width = max(len(next(iter(row.values()))) for row in rows)
        for row in rows:
            name, *figures = [each for each in row.items() if each[0] not in ONLY_IN_JSON]
            shown = "  ".join(f"{self._shown(figure):>12} {title.replace('_', ' ')}" for title, figure in figures)
            self.stdout.write(f"{name[1]:<{width}}  {shown}")

    def _shown(self, figure: Any) -> str:
        if isinstance(figure, Mapping):
            return ", ".join(f"{value:,} at {int(size):,}" for size, value in figure.items())
        if isinstance(figure, str):
            return figure
        return "-" if figure is None else f"{figure:,}"

    def _pages(self, options: dict[str, Any]) -> Mapping[str, Any]:
        kept = os.environ.get("BENCH_DATABASE", "")
        with scratch_database(kept=kept):
            return bench_pages(options["entries"], durable=bool(kept)).as_dict()

    def _ingest(self, options: dict[str, Any]) -> Mapping[str, Any]:
        try:
            with scratch_database():
                return bench_ingest(options["samples"])
        except NotTaken as error:
            raise CommandError(str(error)) from None

    def _api(self, options: dict[str, Any]) -> Mapping[str, Any]:
        try:
            require_schemathesis()
        except NotInstalled as error:
            raise CommandError(str(error), returncode=2) from None
        try:
            with scratch_database():
                return bench_api(options["cases"], options["role"] or ROLES, options["seed"])
        except EndedEarly as error:
            raise CommandError(str(error)) from None

    def _hostile(self, options: dict[str, Any]) -> Mapping[str, Any]:
        try:
            with scratch_database():
                return bench_hostile(options["inputs"])
        except EndedEarly as error:
            raise CommandError(str(error)) from None

    def _growth(self, options: dict[str, Any]) -> Mapping[str, Any]:
        return bench_growth(options["of"] or list(DIMENSIONS), options["largest"])

    def _faults(self, options: dict[str, Any]) -> Mapping[str, Any]:
        return self._on_scratch(options, only=options["only"])

    def _soak(self, options: dict[str, Any]) -> Mapping[str, Any]:
        return self._on_scratch(options, minutes=options["minutes"])

    def _on_scratch(self, options: dict[str, Any], **more: Any) -> Mapping[str, Any]:
        load = {name: options[name] for name in ("rules", "rate", "samples", "people", "every")}
        try:
            return run_on_scratch(BenchOptions(**load, **more))
        except NotRun as error:
            raise CommandError(str(error)) from None

    def _tick(self, options: dict[str, Any]) -> Mapping[str, float | None]:
        with scratch_database() as name:
            if options["series"]:
                return measured("series.bench_series", name, options["series"])
            return measured("tick.bench_tick", name, options["rules"], options["change"], options["chain"])

    def _backtest(self, options: dict[str, Any]) -> Mapping[str, float | None]:
        with scratch_database():
            return bench_backtest(options["people"], options["days"]).as_dict()

    def _adopt(self, options: dict[str, Any]) -> Mapping[str, float | None]:
        try:
            with scratch_database(migrated=False) as name:
                return bench_adopt(options["rows"], name).as_dict()
        except NotTakenOver as error:
            raise CommandError(str(error)) from None

    def _deliver(self, options: dict[str, Any]) -> Mapping[str, float | None]:
        try:
            with scratch_database() as name:
                return bench_deliver(
                    options["count"], options["kill"], options["workers"], options["lease"], options["latency"], name
                ).as_dict()
        except Stuck as error:
            raise CommandError(str(error)) from None
