"""The report as text for a terminal."""

import textwrap
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from smartagent.doctor.findings import DoctorReport, Finding, FindingSeverity, TableReport
from smartagent.doctor.repair import Repairs

STYLES = {FindingSeverity.ERROR: "bold red", FindingSeverity.WARNING: "yellow", FindingSeverity.INFO: "cyan"}
STATE_COLOURS = {"ours": "green", "adopted": "cyan", "missing": "bold red", "drifted": "bold red"}


def show(console: Console, report: DoctorReport) -> None:
    """Print the report: tables first, so that findings are read last."""
    if report.tables:
        console.print(_tables(report.tables))
        console.print()
    show_findings(console, report.findings)
    console.print(Text(report.verdict, style="bold green" if report.ok else "bold red"))


def show_findings(console: Console, findings: Iterable[Finding]) -> None:
    """Print findings, each with its fix."""
    for finding in findings:
        console.print(Text(f"{finding.severity.value.upper():<8}", STYLES[finding.severity]) + finding.subject)
        _indented(console, finding.problem, 8)
        _indented(console, f"→ {finding.fix}", 8)
        console.print()


def show_repairs(console: Console, repairs: Repairs) -> None:
    """Print the repairs, and those that were prevented."""
    for words, lines in (("Repaired", repairs.done), ("Could not be repaired", repairs.refused)):
        if lines:
            console.print(Text(f"{words}:", style="bold"))
        for line in lines:
            _indented(console, line, 2)
    if not repairs.done and not repairs.refused:
        console.print("Nothing to repair.")
    console.print()


def _indented(console: Console, words: str, by: int) -> None:
    """The text wrapped and indented for a terminal; on one line where the output is not one."""
    lines = textwrap.wrap(words, console.width - by) if console.is_terminal else [words]
    console.print(Text(textwrap.indent("\n".join(lines), " " * by)), soft_wrap=True)


def _tables(tables: Sequence[TableReport]) -> Table:
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    shown.add_column("Table")
    shown.add_column("State")
    shown.add_column("Rows", justify="right")
    shown.add_column("Not shown", justify="right")
    for table in tables:
        state = Text(table.state.value, style=STATE_COLOURS[table.state])
        about = "" if table.exact else "about "
        rows = "–" if table.rows is None else f"{about}{table.rows:,}"
        hidden = "?" if table.unrepresentable is None else f"{table.unrepresentable:,}" if table.unrepresentable else ""
        shown.add_row(table.table, state, rows, hidden)
    return shown
