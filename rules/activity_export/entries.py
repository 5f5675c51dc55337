"""Rows of the activity log as the cells of a file."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from operator import itemgetter
from typing import Any

from django.utils import timezone

from rules.activity_export.columns import EXPORT_COLUMNS
from rules.activity_export.formats import FileFormat
from rules.activity_export.memo import Memo
from rules.activity_export.names import Names
from rules.activity_export.rows import ExportRow
from rules.activity_export.shapes import ReadingCell, Shape, reading_of, shape_of
from rules.models import ActivityEntry
from rules.text.context import facts_in
from rules.text.entry import action_in, event_in_words, result_in
from rules.text.event_names import event_label
from smartagent.kernel.reads import RECORDS_READ, current_reads

Cells = Sequence[str]
# The facts that are columns: target, metric, operator, threshold, severity.
FactCells = tuple[str, str, str, str, str]


class EntryCells:
    """Makes the cells of rows; times are in `zone`."""

    def __init__(self, file: FileFormat, zone: tzinfo, columns: Sequence[str]) -> None:
        self.file, self.zone, self.names = file, zone, Names()
        nothing = file.nothing
        self.text: Memo[str | None, str] = Memo(lambda text: file.text(text) if text else nothing)
        self.time: Memo[str, str] = Memo(self._time)
        self.label: Memo[str, str] = Memo(lambda event: file.text(event_label(event)))
        self.result: Memo[tuple[str, str], str] = Memo(self._result)
        self.number: Memo[str | None, tuple[ReadingCell | None, str]] = Memo(self._number)
        self.shape: Memo[str, tuple[Shape, FactCells]] = Memo(self._shape)
        places = [list(EXPORT_COLUMNS).index(name) for name in columns]
        self.choose: Any = itemgetter(*places) if len(places) > 1 else lambda cells: (cells[places[0]],)
        if tuple(columns) == tuple(EXPORT_COLUMNS):
            self.choose = None

    def batches(self, fetched: Iterator[list[ExportRow]]) -> Iterator[Iterable[Cells]]:
        """The cells of each batch of rows, made one by one: the garbage collector has nothing to do."""
        for rows in fetched:
            self.names.learn(rows)
            _note(rows)
            cells = map(self.cells, rows)
            yield map(self.choose, cells) if self.choose else cells

    def cells(self, row: Sequence[Any]) -> Cells:
        """The cells of one row, in the order of EXPORT_COLUMNS."""
        (key, created, event, action, status, error, rule, owner, instance, run, value, whose, episode, facts,
         is_shape) = row  # fmt: skip
        text, plain, nothing, names = self.text, self.file.plain, self.file.nothing, self.names
        person = names.people.get(whose, "")
        if is_shape:
            shape, known = self.shape[facts]
            reading, shown = self.number[value]
            sentence, name = shape.sentence(event, reading, person), shape.facts.get("rule_name", "")
        else:
            sentence, known, shown, name = self._asked(event, facts, person)
        target, metric, operator, threshold, severity = known
        return (
            self.time[created], text[event], self.label[event], self.file.text(sentence),
            text[names.rules.get(rule) or name], text[person], text[names.people.get(owner, "")], target, metric, shown,
            operator, threshold, severity, self.result[action, status], text[status], text[error] if error else nothing,
            plain(key), plain(rule) if rule else nothing, text[whose] if whose else nothing,
            plain(owner) if owner else nothing, plain(instance) if instance else nothing,
            (self.file.number(episode) if is_shape else self.number[episode][1]) if episode else nothing,
            plain(run) if run else nothing,
        )  # fmt: skip

    def _asked(self, event: str, context: str | None, person: str) -> tuple[str, FactCells, str, str]:
        """Sentence, facts, reading and name of the rule of an entry that somebody else than the dispatcher wrote."""
        facts = facts_in(json.loads(context or "{}"))
        with timezone.override(self.zone):  # sentences name times, too
            sentence = event_in_words(event, facts, person)
        return sentence, self._fact_cells(facts), self._any(facts.get("value")), str(facts.get("rule_name") or "")

    def _shape(self, text: str) -> tuple[Shape, FactCells]:
        shape = shape_of(text)
        return shape, self._fact_cells(shape.facts)

    def _fact_cells(self, facts: Mapping[str, Any]) -> FactCells:
        names = ("target", "metric", "operator", "threshold", "severity")
        target, metric, operator, threshold, severity = (self._any(facts.get(name)) for name in names)
        return target, metric, operator, threshold, severity

    def _any(self, value: Any) -> str:
        """A cell of what other programs may have written: a number, or its text."""
        if value is None or value == "":
            return self.file.nothing
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.number[json.dumps(value)][1]
        return self.text[str(value)]

    def _number(self, text: str | None) -> tuple[ReadingCell | None, str]:
        if text is None:
            return None, self.file.nothing
        reading = reading_of(text)
        return reading, self.file.number(text) if reading else self.file.text(text)

    def _time(self, text: str) -> str:
        try:
            return self.file.plain(datetime.fromisoformat(text).astimezone(self.zone).isoformat())
        except (ValueError, OverflowError):  # another program may have written any time
            return self.file.plain(text)

    def _result(self, given: tuple[str, str]) -> str:
        action, status = given
        if not action_in(action) and status == "success":
            return self.file.nothing
        return self.file.text(result_in(action, status))


def _note(rows: Iterable[ExportRow]) -> None:
    """For the log of reads: no models are made of these rows."""
    if reads := current_reads():
        whose = (person or owner for _, _, event, *_, owner, _, _, _, person, _, _, _ in rows if event != RECORDS_READ)
        reads.add(ActivityEntry.read_kind, Counter(filter(None, whose)))
