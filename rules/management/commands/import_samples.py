"""Import the samples of one series from a CSV file, of any length."""

import csv
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

from rules.intake import Row, check_metric, check_range, check_target, check_value, store
from smartagent.models import User

HEADER = ["timestamp", "value"]


class Command(BaseCommand):
    help = "Imports a CSV file with the columns timestamp,value as samples of one metric. Importing it again replaces."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", type=Path, help="times without a zone are UTC")
        parser.add_argument("--metric", required=True, metavar="NAME", help="the metric, for example cpu")
        parser.add_argument("--user", required=True, metavar="EMAIL", help="whose samples they are")
        parser.add_argument("--target", default="", metavar="T", help="what of theirs was measured; empty: as a whole")

    def handle(self, *args: Any, **options: Any) -> None:
        person = whose(options["user"])
        try:
            metric, target = check_metric(options["metric"]), check_target(options["target"])
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from None
        series = Series(options["file"], lambda time, value: (person.pk, metric, target, value, time), timezone.now())
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
        raise CommandError(f"Nobody signs in by {email!r}. --user takes an e-mail address.", returncode=2) from None


class Series:
    """A CSV file of samples, read once, line by line; nothing of it is kept but the first and the last time."""

    def __init__(self, file: Path, row: Callable[[datetime, float], Row], now: datetime) -> None:
        self.file, self.row, self.now = file, row, now
        self.first: datetime = datetime.max.replace(tzinfo=UTC)
        self.last: datetime = datetime.min.replace(tzinfo=UTC)

    def store(self) -> int:
        """Write the samples and return how many they are; CommandError where the file cannot be taken as it is."""
        try:
            with self.file.open(newline="", encoding="utf-8-sig") as stream, _progress() as progress:
                count = store(self._rows(stream, progress))
        except OSError as error:
            raise CommandError(f"{self.file} cannot be read: {error.strerror}.", returncode=2) from None
        except UnicodeDecodeError:
            raise CommandError(f"{self.file} is no text in UTF-8. Nothing was imported.", returncode=2) from None
        return count

    def _rows(self, stream: IO[str], progress: Progress) -> Iterator[Row]:
        task = progress.add_task(self.file.name, total=self.file.stat().st_size or None)
        lines = csv.reader(stream)
        self._read_header(lines)
        count = 0
        for cells in _each(lines, self.file):
            if not cells:
                continue  # an empty line, as many files end with one
            yield self._read(cells, lines.line_num)
            count += 1
            if count % 5000 == 0:
                progress.update(task, completed=stream.buffer.tell())  # type: ignore[attr-defined]
        if not count:
            raise CommandError(f"{self.file} has a header, but no samples.", returncode=2)
        progress.update(task, completed=self.file.stat().st_size)

    def _read_header(self, lines: Any) -> None:
        header = next(_each(lines, self.file), None)
        if header is None:
            raise CommandError(f"{self.file} is empty. It should begin with the line timestamp,value.", returncode=2)
        if [name.strip().lower() for name in header] != HEADER:
            shown = ",".join(header)[:60]
            raise CommandError(f"{self.file}: the first line is “{shown}”; it should be timestamp,value.", returncode=2)

    def _read(self, cells: list[str], line: int) -> Row:
        try:
            if len(cells) != len(HEADER):
                raise ValueError(f"there are {len(cells)} columns; there should be 2, timestamp,value.")
            time, value = check_range(moment(cells[0]), self.now), check_value(number(cells[1]))
        except ValueError as error:
            text = f"{self.file}, line {line}: {error} Nothing was imported."
            raise CommandError(text, returncode=2) from None
        self.first, self.last = min(self.first, time), max(self.last, time)
        return self.row(time, value)


def moment(text: str) -> datetime:
    """The time that a cell says, UTC where it names no zone."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"“{text[:40]}” is not a time. Write for example 2026-03-02 10:00:00.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def number(text: str) -> float:
    """The number that a cell says."""
    try:
        return float(text if "_" not in text else "")
    except ValueError:
        raise ValueError(f"“{text[:40]}” is not a number. Write for example 99.5.") from None


def _each(lines: Any, file: Path) -> Iterator[list[str]]:
    try:
        yield from lines
    except csv.Error as error:
        raise CommandError(f"{file}, line {lines.line_num}: {error}. Nothing was imported.", returncode=2) from None


def _progress() -> Progress:
    columns = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
