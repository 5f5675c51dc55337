"""An incident report as Markdown (CommonMark with tables), which a wiki or an issue takes as it is."""

import re
from collections.abc import Iterable, Sequence

from rules.incident_report.report import IncidentReport
from smartagent.kernel.durations import length_text
from smartagent.kernel.formats import clock

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
Lines = Iterable[str]


def as_markdown(report: IncidentReport, charts: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The report; `charts` has a title and lines in words for each chart of the page."""
    searched = [f"Search: {escaped(report.search)}", ""] if report.search else []
    lines = [
        "# Incident report", "", f"Period: {escaped(report.period)}", "", *searched,
        "## Summary", "", *_bullets(f"**{label}**: {escaped(value)}" for label, value in report.summary),
        "## Alerts", "", *_alerts(report),
        "## Readings", "", *_charts(charts),
        "## Who was notified, and what followed", "", *_followed(report),
        "## Timeline", "", *_timeline(report),
        "## Open questions", "", *_bullets(escaped(question) for question in report.questions),
    ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: object) -> str:
    """A text that means itself in Markdown, in one line."""
    return SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def _bullets(lines: Lines) -> list[str]:
    found = [f"- {line}" for line in lines]
    return [*(found or ["None."]), ""]


def _alerts(report: IncidentReport) -> list[str]:
    rows = [
        (
            clock(one.started), escaped(one.first.sentence), escaped(one.first.rule or ""),
            length_text(one.acknowledged) if one.acknowledged is not None else "not acknowledged",
            length_text(one.lasted) if one.lasted is not None else "still open",
        )
        for one in report.episodes
    ]  # fmt: skip
    return _table(("Fired", "Alert", "Rule", "Acknowledged after", "Resolved after"), rows)


def _charts(charts: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    return [line for title, lines in charts for line in (f"**{escaped(title)}**", "", *_bullets(map(escaped, lines)))]


def _followed(report: IncidentReport) -> list[str]:
    return _bullets(
        f"{clock(one.started)} {escaped(one.first.sentence)} {source}: {escaped(line.text)}"
        + (f" ({clock(line.at)})" if line.at else "")
        for one in report.episodes for source, found in one.consequences for line in found
    )  # fmt: skip


def _timeline(report: IncidentReport) -> list[str]:
    rows = [
        (clock(one.created_at), escaped(one.event_label), escaped(one.sentence), escaped(one.came_of_it))
        for one in report.entries
    ]
    more = [f"{report.left_out} older entries are left out.", ""] if report.left_out else []
    return more + _table(("Time", "Event", "Description", "Result"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return ["None.", ""]
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows), ""]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
