"""Rows are exported before retention deletes them: NDJSON, compressed by gzip, one file for each table and run.

Each batch is a member of the gzip file of its own and is on the disk before its transaction is committed, so that a row
that is gone is in a file. A batch whose transaction fails is cut off again.
"""

import gzip
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection, transaction

LINES_AT_ONCE = 10_000


class ExportFailed(Exception):
    """Rows could not be exported, so they were not deleted."""


class RowExport:
    """The files of one run, in EXPORT_BEFORE_DELETION_FOLDER."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.suffix = folder, f"{now:%Y%m%d-%H%M%S}"

    def file(self, table: str) -> Path:
        """The file of a table."""
        return self.folder / f"{table}-{self.suffix}.ndjson.gz"

    @contextmanager
    def batch(self, rows: Mapping[str, Iterable[str]]) -> Iterator[None]:
        """Write the rows of each table, as JSON; if the block fails, as if they had not been written. ExportFailed."""
        before: dict[Path, int] = {}
        try:
            for table, lines in rows.items():
                self._write(self.file(table), lines, before)
            yield
        except BaseException as failure:
            for file, size in before.items():
                with suppress(OSError):
                    os.truncate(file, size) if size else file.unlink()
            if isinstance(failure, OSError):
                raise ExportFailed(_said(failure, self.folder)) from failure
            raise

    def whole(self, table: str, lines: Iterable[str]) -> None:
        """Write a table that is dropped, in place of what an attempt before has written. ExportFailed."""
        try:
            self.file(table).unlink(missing_ok=True)
        except OSError as failure:
            raise ExportFailed(_said(failure, self.folder)) from failure
        with self.batch({table: lines}):
            pass

    def _write(self, file: Path, lines: Iterable[str], before: dict[Path, int]) -> None:
        stream: BinaryIO | None = None
        try:
            for chunk in _chunks(lines):
                if stream is None:
                    self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
                    stream = os.fdopen(handle, "ab")
                    before[file] = file.stat().st_size
                stream.write(gzip.compress("".join(f"{line}\n" for line in chunk).encode(), compresslevel=6))
            if stream is not None:
                stream.flush()
                os.fsync(stream.fileno())
        finally:
            if stream is not None:
                stream.close()


def row_export(now: datetime) -> RowExport | None:
    """The export of a run; None where EXPORT_BEFORE_DELETION_FOLDER is not set."""
    folder = settings.EXPORT_BEFORE_DELETION_FOLDER
    return RowExport(Path(folder), now) if folder else None


def delete_rows(gone: str, tables: Mapping[str, str], params: Mapping[str, Any], export: RowExport | None) -> int:
    """Delete a batch in a transaction, exported where there is an export; return the number of rows of the first table.

    `gone` is a WITH clause; `tables` names its queries that return the deleted rows, by table.
    """
    first = next(iter(tables))
    if export is None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{gone} SELECT count(*) FROM {tables[first]}", params)
            return int(cursor.fetchone()[0])
    selects = [f"SELECT '{table}', to_jsonb({query})::text FROM {query}" for table, query in tables.items()]
    rows: dict[str, list[str]] = {table: [] for table in tables}
    with ExitStack() as written, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{gone} {' UNION ALL '.join(selects)}", params)
        for table, line in cursor.fetchall():
            rows[table].append(line)
        written.enter_context(export.batch(rows))  # left after the commit: one that fails cuts the batch off again
    return len(rows[first])


def _chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) >= LINES_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _said(failure: OSError, folder: Path) -> str:
    return f"Rows could not be exported to {folder} ({failure.strerror or failure}), so they were not deleted."
