"""Texts in CSV files that no spreadsheet takes for a formula."""

from datetime import UTC, datetime
from typing import Any

from smartagent.kernel.visible_text import paragraphs

# With these a spreadsheet begins to reckon, some also with the wide forms of East Asia.
FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


class CSVLine:
    """A file object for csv.writer that returns each line."""

    def write(self, line: str) -> str:
        return line


def safe(value: Any) -> str:
    """A value as text that no spreadsheet treats as a formula."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    text = "" if value is None else paragraphs(str(value))
    return f"'{text}" if text[:1] in FORMULA else text


def cell(text: str) -> str:
    """A text, safe, as it stands in a line of CSV (RFC 4180)."""
    if not text.isprintable():
        text = paragraphs(text)
    if text[:1] in FORMULA:
        text = f"'{text}"
    if '"' in text or "," in text or "\n" in text:
        return '"{}"'.format(text.replace('"', '""'))
    return text
