"""JSON stored by other programs, read without errors whatever it holds."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 50  # levels of lists and objects; everything that copies or shows a value recurses once for each
IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Unreadable(str):
    """Text that is not JSON, or JSON that cannot be used: nested too deeply, or with invalid numbers or characters."""


def read_stored(text: str) -> Any:
    """The value of `text`, or the text as `Unreadable`."""
    try:
        if is_deep(text):
            return Unreadable(text)
        found = json.loads(text, parse_float=_finite, parse_constant=_refuse)
        _check_characters(text, found)
    except ValueError:
        return Unreadable(text)
    return found


def is_deep(text: str) -> bool:
    """Whether the JSON `text` is nested too deeply."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for each in re.findall(r"[\[{\]}]", IN_QUOTES.sub("", text)):
        depth += 1 if each in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def goes_deep(found: Any) -> bool:
    """Whether a value of JSON is nested too deeply: as `is_deep` of its text, but faster where that is long."""
    level = [found] if isinstance(found, list | dict) else []
    for _ in range(MAX_DEPTH):
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [value for values in inner for value in values if type(value) is dict or type(value) is list]
        if not level:
            return False
    return True


def _finite(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise ValueError("The number is too large.")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number.")


def _check_characters(text: str, found: Any) -> None:
    """UnicodeEncodeError, a ValueError, where it contains an unpaired surrogate."""
    if "\\ud" in text.lower():
        json.dumps(found, ensure_ascii=False).encode()
