"""What a file of an export is made of: how cells and lines are written, before the first line and after the last."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Protocol

from rules.activity_export.workbook import Workbook, number_cell, text_cell
from smartagent.kernel.csv_text import cell as csv_cell

EXPORT_FAILED = "The export failed here, and is incomplete. Repeat it."


class FileFormat(Protocol):
    """`text`, `number` and `plain` make a cell: of any text, of a JSON number, of a text without special signs."""

    suffix: ClassVar[str]
    media_type: ClassVar[str]
    nothing: ClassVar[str]

    def text(self, value: str) -> str: ...
    def number(self, value: str) -> str: ...
    def plain(self, value: str) -> str: ...
    def write(self, columns: Sequence[str], batches: Iterator[Iterable[Sequence[str]]]) -> Iterator[bytes]:
        """The bytes of the file; `batches` are the cells of some rows each."""
        ...

    def end_badly(self) -> bytes:
        """What ends a file that is incomplete, so that nobody takes it for a whole one."""
        ...


class CSVFile:
    """Comma-separated values with a line of names, as RFC 4180 has it; formulas are defused."""

    suffix = "csv"
    media_type = "text/csv; charset=utf-8"
    nothing = ""

    def text(self, value: str) -> str:
        return csv_cell(value)

    def number(self, value: str) -> str:
        return value

    def plain(self, value: str) -> str:
        return value

    def write(self, columns: Sequence[str], batches: Iterator[Iterable[Sequence[str]]]) -> Iterator[bytes]:
        heading = ",".join(columns) + "\r\n"
        for rows in batches:
            yield (heading + "".join([",".join(row) + "\r\n" for row in rows])).encode()
            heading = ""
        if heading:
            yield heading.encode()

    def end_badly(self) -> bytes:
        return f"\r\nERROR: {EXPORT_FAILED}\r\n".encode()


class LinesFile:
    """A JSON object on each line."""

    suffix = "ndjson"
    media_type = "application/x-ndjson"
    nothing = "null"

    def text(self, value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    def number(self, value: str) -> str:
        return value

    def plain(self, value: str) -> str:
        return f'"{value}"'

    def write(self, columns: Sequence[str], batches: Iterator[Iterable[Sequence[str]]]) -> Iterator[bytes]:
        line = "{" + ",".join(f'"{name}":%s' for name in columns) + "}\n"
        for rows in batches:
            yield "".join([line % tuple(row) for row in rows]).encode("utf-8", "replace")

    def end_badly(self) -> bytes:
        return (json.dumps({"error": EXPORT_FAILED, "incomplete": True}) + "\n").encode()


class WorkbookFile:
    """A workbook of Office Open XML, with a further sheet where one is full."""

    suffix = "xlsx"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    nothing = "<c/>"

    def text(self, value: str) -> str:
        return text_cell(value)

    def number(self, value: str) -> str:
        return number_cell(value)

    def plain(self, value: str) -> str:
        return text_cell(value)

    def write(self, columns: Sequence[str], batches: Iterator[Iterable[Sequence[str]]]) -> Iterator[bytes]:
        yield from Workbook([text_cell(name) for name in columns], "Activity").write(batches)

    def end_badly(self) -> bytes:
        return b""  # without its directory, no program opens the file


FILE_FORMATS: dict[str, Any] = {each.suffix: each for each in (CSVFile, LinesFile, WorkbookFile)}
