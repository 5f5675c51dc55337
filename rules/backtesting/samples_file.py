"""Samples from a CSV file with a column of times and one of values, for backtests without a database."""

from datetime import datetime
from pathlib import Path

from rules.ingest.csv_samples import BadSamples, open_samples, read_lines

__all__ = ["BadSamples", "read_samples"]


def read_samples(path: Path) -> list[tuple[datetime, float]]:
    """The (time, value) pairs of a file, oldest first; of several at one time the last counts. BadSamples names the
    problem and its line."""
    with open_samples(path) as stream:
        return sorted({time: value for _, time, value in read_lines(stream)}.items())
