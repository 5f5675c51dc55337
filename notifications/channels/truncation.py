"""Truncation that keeps the numbers: value and threshold stay readable in a shortened text."""

from collections.abc import Mapping
from typing import Any

from rules.text.phrases import begun, limit, number
from rules.text.reading import aggregation_in, reading_in_words, what_is_read

MAX_LINE_LENGTH = 300  # characters of the numbers
INSTANCES = 10  # that a message names


def short(text: str, maximum: int) -> str:
    """`text`, cut at `maximum` characters with an ellipsis."""
    return text if len(text) <= maximum else text[: max(maximum - 1, 0)].rstrip() + "…"


def fitted(text: str, maximum: int, numbers: str, between: str = "\n") -> str:
    """`text` in at most `maximum` characters; numbers that would be cut off are put at its end."""
    cut = short(text, maximum)
    if len(text) <= maximum or not numbers or numbers in cut:
        return cut
    room = maximum - len(numbers) - len(between)
    return f"{short(text, room)}{between}{numbers}" if room > 0 else short(numbers, maximum)


def numbers_in(text: str, facts: Mapping[str, Any]) -> str:
    """The sentence of the default text with the numbers, of several instances the first; empty where there is none."""
    if not text or not _has_numbers(facts):
        return ""
    count = facts.get("count")
    named = min(count, INSTANCES) + (count > INSTANCES) if isinstance(count, int) and count > 0 else 1
    lines = text.splitlines()[-named:]
    return lines[0] if lines and len(lines[0]) <= MAX_LINE_LENGTH else ""


def numbers_of(facts: Mapping[str, Any]) -> str:
    """The same from the facts: `Cpu is 95: above 90.`; empty where there are no numbers."""
    if not _has_numbers(facts):
        return ""
    metric, value, how = str(facts.get("metric") or ""), number(facts.get("value")), aggregation_in(facts)
    what = (metric, "", str(facts.get("target") or ""))
    if how.says_absence(facts.get("value")):
        return short(f"{begun(reading_in_words(how, *what, facts.get('value')), metric)}.", MAX_LINE_LENGTH)
    compared = limit(facts.get("operator"), facts.get("threshold"))
    resolved = facts.get("event") == "rule_resolved"
    sentence = f"{value}: {'no longer ' if resolved else ''}{compared}."
    subject = begun(what_is_read(how, *what), metric)
    return short(
        f"{subject} is {sentence}" if len(subject) + len(sentence) < MAX_LINE_LENGTH else f"It is {sentence}",
        MAX_LINE_LENGTH,
    )


def _has_numbers(facts: Mapping[str, Any]) -> bool:
    return facts.get("value") is not None and facts.get("threshold") is not None
