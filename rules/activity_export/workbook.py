"""A workbook that is written while it is sent: a zip file whose parts are compressed row by row.

Libraries for it keep rows in memory or in temporary files until the last one is known. Here each sheet is closed when
it is full, and what names the sheets comes last, so that nothing waits: memory is one batch of rows.
"""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from smartagent.kernel.visible_text import paragraphs

MAX_SHEET_ROWS = 1_048_576
MAX_SHEET_BYTES = 1_500_000_000  # larger parts need an extension of zip that spreadsheets do not read in streams
MAX_CELL = 32_767  # characters
COMPRESSION = 3
FROZEN = (
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_NAMESPACE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def text_cell(text: str) -> str:
    """A cell of text: never a formula, whatever it begins with."""
    text = escape(paragraphs(text)[:MAX_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def number_cell(text: str) -> str:
    """A cell of a number, given as JSON has it."""
    return f"<c><v>{text}</v></c>"


class _Pipe:
    """A file to write to, from which what was written is taken; nobody can go back in it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self.parts = b"".join(self.parts), []
        return taken


class Workbook:
    """Sheets of rows of cells, each with the heading; `name` is that of the first sheet."""

    def __init__(self, heading: Sequence[str], name: str) -> None:
        self.heading, self.name = heading, name
        self.sheets = self.rows = self.written = 0
        self.pipe = _Pipe()
        self.zip = zipfile.ZipFile(self.pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION)  # type: ignore[call-overload]
        self.part: IO[bytes] | None = None

    def write(self, batches: Iterator[Iterable[Sequence[str]]]) -> Iterator[bytes]:
        """The bytes of the file."""
        self._begin_sheet()
        for rows in batches:
            for row in rows:
                self._add(row)
            if self.pipe.parts:
                yield self.pipe.take()
        self._end_sheet()
        self._write_names()
        self.zip.close()
        yield self.pipe.take()

    def _add(self, row: Sequence[str]) -> None:
        if self.rows >= MAX_SHEET_ROWS or self.written >= MAX_SHEET_BYTES:
            self._end_sheet()
            self._begin_sheet()
        self._put(f"<row>{''.join(row)}</row>")
        self.rows += 1

    def _begin_sheet(self) -> None:
        self.sheets += 1
        self.rows = self.written = 0
        self.part = self.zip.open(f"xl/worksheets/sheet{self.sheets}.xml", "w")
        self._put(f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">{FROZEN}')
        self._add(self.heading)

    def _end_sheet(self) -> None:
        self._put("</sheetData></worksheet>")
        if self.part is not None:
            self.part.close()

    def _put(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        self.written += len(data)
        if self.part is not None:
            self.part.write(data)

    def _write_names(self) -> None:
        """The parts that name the others."""
        numbers = range(1, self.sheets + 1)
        titles = [self.name if number == 1 else f"{self.name} {number}" for number in numbers]
        sheets = "".join(
            f'<sheet name={quoteattr(title)} sheetId="{number}" r:id="rId{number}"/>'
            for number, title in zip(numbers, titles, strict=True)
        )
        links = "".join(
            f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in numbers
        )
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{TYPES}.worksheet+xml"/>'
            for number in numbers
        )
        relations = f'{XML}<Relationships xmlns="{PACKAGE_NAMESPACE}/relationships">'
        root = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        self.zip.writestr(
            "xl/workbook.xml", f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'
        )
        self.zip.writestr("xl/_rels/workbook.xml.rels", f"{relations}{links}</Relationships>")
        self.zip.writestr("_rels/.rels", f"{relations}{root}</Relationships>")
        self.zip.writestr("[Content_Types].xml", (
            f'{XML}<Types xmlns="{PACKAGE_NAMESPACE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>{parts}</Types>'
        ))  # fmt: skip
