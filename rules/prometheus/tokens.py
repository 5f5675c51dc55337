"""The text of an expression as its smallest parts, and durations as seconds."""

import re

from rules.prometheus.expressions import Unsupported

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w:.]))"""
    r"""|(?P<duration>(?:\d+(?:ms|[smhdwy]))+)|(?P<name>[A-Za-z_:][\w:]*)"""
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}\[\],@])""",
)
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
PART = re.compile(r"(\d+)(ms|[smhdwy])")


def seconds_of(text: str) -> float:
    """The seconds of a duration such as `1h30m`; ValueError where it is none."""
    if text == "0":
        return 0.0
    if not re.fullmatch(r"(?:\d+(?:ms|[smhdwy]))+", text):
        raise ValueError(f"“{text[:40]}” is not a duration of Prometheus, such as 1h30m.")
    return sum(int(count) * UNITS[unit] for count, unit in PART.findall(text))


def tokens_of(text: str) -> list[tuple[str, str]]:
    """The parts of `text` as (kind, text), without spaces and comments; Unsupported where it cannot be read."""
    found, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise Unsupported(f"“{text[place : place + 20]}” cannot be read.")
        if match.lastgroup:
            found.append((match.lastgroup, match.group()))
        place = match.end()
    return found
