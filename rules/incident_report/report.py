"""The contents of an incident report: nothing that the log does not hold."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import QuerySet

from rules.explain.consequence import Consequence
from rules.explain.episodes import Episode, episode_keys, episodes_of
from rules.models import ActivityEntry
from rules.models.rule import SEVERITIES_WORST_FIRST
from rules.registries import actions
from rules.text.activity import named_entries
from rules.text.context import facts_of
from smartagent.kernel.durations import length_text
from smartagent.kernel.formats import clock, counted

MAX_ENTRIES, MAX_EPISODES = 500, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReport:
    """`entries` and `episodes` are the newest, the oldest of them first; `left_out` says how many entries are not
    shown."""

    period: str
    search: str
    entries: list[Any]
    episodes: list[Episode]
    left_out: int
    summary: list[tuple[str, str]]
    questions: list[str]

    @property
    def start(self) -> datetime | None:
        """When the first alert fired, or the first entry was written."""
        return min(
            [*(one.started for one in self.episodes), *(one.created_at for one in self.entries[:1])], default=None
        )

    @property
    def end(self) -> datetime | None:
        """When the last entry was written or the last alert resolved."""
        ends = [one.ended for one in self.episodes if one.ended]
        return max([*ends, *(one.created_at for one in self.entries[-1:])], default=None)

    def followed(self, label: str) -> list[tuple[Episode, list[Consequence]]]:
        """The lines of one source, by episode."""
        return [(one, lines) for one in self.episodes for source, lines in one.consequences if source == label]


def incident_report(entries: QuerySet[Any], viewer: Any, period: str, search: str) -> IncidentReport:
    """The report of `entries`, newest first, as `viewer` may see it."""
    newest = list(entries[: MAX_ENTRIES + 1])
    left_out = entries.order_by()[: MAX_ENTRIES * 20].count() - MAX_ENTRIES if len(newest) > MAX_ENTRIES else 0
    shown = named_entries(newest[:MAX_ENTRIES][::-1])
    keys = episode_keys(entries)[:MAX_EPISODES]
    episodes = episodes_of(keys, ActivityEntry.objects.visible_to(viewer), viewer)
    episodes.sort(key=lambda one: one.started)
    return IncidentReport(
        period=period, search=search, entries=shown, episodes=episodes, left_out=left_out,
        summary=_summary(shown, episodes), questions=open_questions(shown, episodes),
    )  # fmt: skip


def _summary(entries: Sequence[Any], episodes: Sequence[Episode]) -> list[tuple[str, str]]:
    """What happened in a few lines: label and value."""
    if not entries:
        return []
    rows = [("Entries", f"{counted(len(entries), 'entry', 'entries')}, {_span(entries[0], entries[-1])}")]
    if not episodes:
        return rows
    ended = [one for one in episodes if one.ended]
    still = len(episodes) - len(ended)
    notified = [
        line for one in episodes for source, lines in one.consequences if source == "Notified" for line in lines
    ]
    return [
        *rows,
        ("Alerts", f"{len(episodes)}: {_by_severity(episodes)}"),
        ("Rules", ", ".join(sorted({str(one.first.rule) for one in episodes if one.first.rule})) or "none"),
        ("People", ", ".join(sorted({str(one.first.person) for one in episodes if one.first.person})) or "none"),
        ("First fired", clock(min(one.started for one in episodes))),
        ("Resolved", f"{len(ended)} of {len(episodes)}" + (f", {still} still open" if still else "")),
        ("Time to acknowledge", _times(one.acknowledged for one in episodes)),
        ("Time to resolve", _times(one.lasted for one in episodes)),
        ("Notifications", f"{len(notified)}, {sum(line.tone == 'success' for line in notified)} read"),
    ]  # fmt: skip


def open_questions(entries: Sequence[Any], episodes: Sequence[Episode]) -> list[str]:
    """What the log leaves open: alerts without an end, an acknowledgement or a notification, and what failed."""
    silent = [
        one for one in episodes if _notifies(one) and not any(source == "Notified" for source, _ in one.consequences)
    ]
    failed = [line for one in episodes for _, lines in one.consequences for line in lines if line.tone == "danger"]
    errors = Counter(one.error_message for one in entries if one.error_message and one.status == "failed")
    found = [
        _question([one for one in episodes if not one.ended], "still open"),
        _question([one for one in episodes if one.acknowledged is None], "acknowledged by nobody"),
        _question(silent, "without a notification"),
        f"{counted(len(failed), 'notification or optimization', 'notifications or optimizations')} failed or made it "
        f"worse: {failed[0].text}." if failed else "",
        *(f"{counted(count, 'action')} failed: {error}" for error, count in errors.most_common(5)),
    ]  # fmt: skip
    return [question for question in found if question]


def _notifies(episode: Episode) -> bool:
    """Whether its actions notify; where it took none, whether that of its rule does."""
    taken = {str(step.action_taken) for step in episode.steps} - {"None", "none"}
    kinds = taken or {str(episode.first.rule and episode.first.rule.action_type)}
    return any(action.notifies_resolved for action in actions if action.kind in kinds)


def _question(episodes: Sequence[Episode], what: str) -> str:
    if not episodes:
        return ""
    more = f" and {len(episodes) - 3} more" if len(episodes) > 3 else ""
    named = "; ".join(str(one.first.sentence).rstrip(".") for one in episodes[:3])
    return f"{counted(len(episodes), 'alert')} {what}: {named}{more}."


def _by_severity(episodes: Iterable[Episode]) -> str:
    counts = Counter(str(facts_of(one.first).get("severity") or "") for one in episodes)
    return (
        ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES_WORST_FIRST if counts[severity])
        or "no severity"
    )


def _times(found: Iterable[timedelta | None]) -> str:
    known = [time for time in found if time is not None]
    if not known:
        return "none"
    typical = timedelta(seconds=median(time.total_seconds() for time in known))
    return f"median {length_text(typical)}, longest {length_text(max(known))} ({counted(len(known), 'alert')})"


def _span(first: Any, last: Any) -> str:
    return f"{clock(first.created_at)} to {clock(last.created_at)}"
