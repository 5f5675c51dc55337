"""Sentences of the dispatcher's entries, made cheap: the words of a shape are asked for once, numbers are put in.

The sentence of `cpu of Ada is 91.5: above 90.` depends on the reading only by its digits and by whether it meets the
condition. So `event_in_words` makes it once for each shape, event and answer, and later ones take other digits and
another person. Where digits depend on those beside them (`99.99996` and `100`), it is asked every time.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rules.engine.conditions import IN_PYTHON
from rules.text.entry import event_in_words
from rules.text.phrases import number

NOBODY = "\x00"  # a name that nobody has
OF_SOMEBODY = f" of {NOBODY}"

# The words before the person, up to the reading, and after it.
Pattern = tuple[str, str, str]


class ReadingCell(NamedTuple):
    """A number of the context: as it was read, as a float, and as people write it."""

    given: int | float
    value: float
    text: str


@dataclass(slots=True)
class Shape:
    """What entries have in common: the facts of their context without what varies, and the sentences made of them."""

    facts: Mapping[str, Any]
    threshold: ReadingCell | None
    compare: Any
    patterns: dict[tuple[str, bool | None], Pattern | None] = field(default_factory=dict)

    def sentence(self, event: str, reading: ReadingCell | None, person: str) -> str:
        """`event_in_words` of an entry of this shape."""
        meets, threshold = None, self.threshold
        if reading is not None:
            if threshold is None or self.compare is None or self.facts.get("critical") is not None:
                return self._asked(event, reading, person)
            if reading.text == threshold.text and reading.value != threshold.value:  # written with more digits then
                return self._asked(event, reading, person)
            meets = self.compare(reading.value, threshold.value)
        key = (event, meets)
        pattern = self.patterns[key] if key in self.patterns else self._learn(key, reading)
        if pattern is None:
            return self._asked(event, reading, person)
        before, between, after = pattern
        whose = f" of {person}" if person else ""
        return f"{before}{whose}{between}{'' if reading is None else reading.text}{after}"

    def _asked(self, event: str, reading: ReadingCell | None, person: str) -> str:
        return event_in_words(event, {**self.facts, "value": reading.given if reading else None}, person)

    def _learn(self, key: tuple[str, bool | None], reading: ReadingCell | None) -> Pattern | None:
        self.patterns[key] = self._pattern(key[0], reading)
        return self.patterns[key]

    def _pattern(self, event: str, reading: ReadingCell | None) -> Pattern | None:
        """The sentence cut at the person and at the reading; None where they are not found."""
        before, found, rest = self._asked(event, reading, NOBODY).partition(OF_SOMEBODY)
        if not found or NOBODY in rest:
            return None
        if reading is None:
            return before, rest, ""
        target = f" on {self.facts['target']}" if self.facts.get("target") else ""
        between = f"{target} is "
        if not rest.startswith(f"{between}{reading.text}"):
            return None
        return before, between, rest[len(between) + len(reading.text) :]


def shape_of(text: str) -> Shape:
    """The shape of the context that is left without what varies, as JSON text."""
    facts = json.loads(text)
    threshold = facts.get("threshold")
    known = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    compare = IN_PYTHON.get(facts["operator"]) if isinstance(facts.get("operator"), str) else None
    return Shape(facts, reading_of(json.dumps(threshold)) if known else None, compare)


def reading_of(text: str) -> ReadingCell | None:
    """The number in JSON; None where it is none, or not finite."""
    whole, _, fraction = text.partition(".")
    if len(whole) <= 3 and len(fraction) <= 4 and whole.isdecimal() and fraction.isdecimal():  # as nearly all are
        value = float(text)
        return ReadingCell(value, value, text.rstrip("0").rstrip("."))
    try:
        given = json.loads(text)
        value = float(given)
    except (ValueError, TypeError, OverflowError):
        return None
    if isinstance(given, bool | str) or not math.isfinite(value):
        return None
    return ReadingCell(given, value, number(given))
