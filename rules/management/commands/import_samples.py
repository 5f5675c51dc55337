"""Import the samples of one series from a CSV file, of any length."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from rules.ingest.csv_samples import BadSamples, open_samples, read_lines
from rules.ingest.samples import check_metric, check_range, check_target
from rules.ingest.storage import Row, store
from smartagent.models import User


class Command(BaseCommand):
    help = (
        "Imports a CSV file with the columns timestamp,value as samples of one metric. A repeated import "
        "replaces samples."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", type=Path, help="CSV file; times without a zone are UTC")
        parser.add_argument("--metric", required=True, metavar="NAME", help="the metric, for example cpu")
        parser.add_argument("--user", required=True, metavar="EMAIL", help="e-mail of the person")
        parser.add_argument("--target", default="", metavar="T", help="measured object; empty: none")

    def handle(self, *args: Any, **options: Any) -> None:
        person = whose(options["user"])
        try:
            metric, target = check_metric(options["metric"]), check_target(options["target"])
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from None
        series = SamplesFile(
            options["file"], lambda time, value: (person.pk, metric, target, value, time), timezone.now()
        )
        count = series.store()
        self.stdout.write(
            f"Imported {count:,} samples of {metric} for {person.email}, from {stamp(series.first)} "
            f"to {stamp(series.last)} UTC."
        )


def stamp(time: datetime) -> str:
    """A time for people, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def whose(email: str) -> User:
    """The person who signs in by `email`."""
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        raise CommandError(f"No person with the e-mail address {email!r}.", returncode=2) from None


class SamplesFile:
    """A CSV file of samples, read once, line by line; nothing of it is kept but the first and the last time."""

    def __init__(self, file: Path, row: Callable[[datetime, float], Row], now: datetime) -> None:
        self.file, self.row, self.now = file, row, now
        self.first: datetime = datetime.max.replace(tzinfo=UTC)
        self.last: datetime = datetime.min.replace(tzinfo=UTC)

    def store(self) -> int:
        """Write the samples and return how many they are; CommandError where the file cannot be taken as it is."""
        try:
            with open_samples(self.file) as stream, _progress() as progress:
                return store(self._rows(stream, progress))
        except BadSamples as error:
            raise CommandError(f"{self.file}: {error} Nothing was imported.", returncode=2) from None

    def _rows(self, stream: IO[str], progress: Progress) -> Iterator[Row]:
        task = progress.add_task(self.file.name, total=self.file.stat().st_size or None)
        for count, (line, time, value) in enumerate(read_lines(stream), 1):
            yield self._row(line, time, value)
            if count % 5000 == 0:
                progress.update(task, completed=stream.buffer.tell())  # type: ignore[attr-defined]
        progress.update(task, completed=self.file.stat().st_size)

    def _row(self, line: int, time: datetime, value: float) -> Row:
        try:
            check_range(time, self.now)
        except ValueError as error:
            raise BadSamples(f"line {line}: {error}") from None
        self.first, self.last = min(self.first, time), max(self.last, time)
        return self.row(time, value)


def _progress() -> Progress:
    columns = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
