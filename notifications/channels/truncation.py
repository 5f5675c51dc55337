"""Truncation that keeps the numbers: value and threshold stay readable in a shortened text."""

from collections.abc import Mapping
from typing import Any

from rules.text.phrases import begun, limit, number
from rules.text.reading import aggregation_in, reading_in_words

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
    metric, how, value = str(facts.get("metric") or ""), aggregation_in(facts), facts.get("value")
    read = begun(reading_in_words(how, metric, "", str(facts.get("target") or ""), value), metric)
    if how.says_absence(value):
        return short(f"{read}.", MAX_LINE_LENGTH)
    resolved = "no longer " if facts.get("event") == "rule_resolved" else ""
    compared = f": {resolved}{limit(facts.get('operator'), facts.get('threshold'))}."
    if len(read) + len(compared) >= MAX_LINE_LENGTH:
        read = f"It is {number(value)}"
    return short(f"{read}{compared}", MAX_LINE_LENGTH)


def _has_numbers(facts: Mapping[str, Any]) -> bool:
    return facts.get("value") is not None and facts.get("threshold") is not None
