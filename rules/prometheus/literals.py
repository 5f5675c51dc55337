"""Literals of PromQL in the one form that the parser reads as Prometheus does.

The parser (promql-parser) unescapes texts in backquotes too, reads `\\xc3` as a character instead of a byte, and knows
no `_` between digits. https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
"""

import re

from rules.prometheus.expressions import Unsupported

LITERAL_PATTERN = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?P<comment>\#[^\n]*)|(?P<name>[A-Za-z_:][\w:.]*)"""
    r"""|(?P<number>(?:0[xX])?[0-9][0-9a-fA-F]*(?:_+[0-9a-fA-F]*)+)""",
    re.ASCII,
)
ESCAPE = re.compile(
    rb"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))", re.S
)
ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def normalized(text: str) -> str:
    """`text` with its texts in double quotes, without comments and without `_` in numbers; Unsupported."""
    return LITERAL_PATTERN.sub(_normalized, text)


def without_texts(text: str) -> str:
    """A normalized expression with empty texts: what is left are names, numbers and signs."""
    return LITERAL_PATTERN.sub(lambda found: '""' if found["text"] else found[0], text)


def quoted(value: str) -> str:
    """A text as a literal of PromQL."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def text_of(literal: str) -> str:
    """The value of a string literal, as Go reads it; Unsupported where it has an invalid escape."""
    quote, inner = literal[0], literal[1:-1]
    if quote == "`":
        return inner
    try:
        return ESCAPE.sub(lambda found: _unescaped(found, quote.encode()), inner.encode()).decode()
    except ValueError:
        raise Unsupported(f"“{inner[:40]}” has an invalid escape sequence.") from None


def _normalized(found: "re.Match[str]") -> str:
    if found["text"]:
        return quoted(text_of(found["text"]))
    if found["comment"] is not None:
        return ""
    if found["number"] and not re.fullmatch(r"(?:0[xX]_?)?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*", found["number"]):
        raise Unsupported(
            f"“{found['number'][:40]}” is not a number: _ is only allowed between the digits of a whole number."
        )
    return found[0].replace("_", "") if found["number"] else found[0]


def _unescaped(found: "re.Match[bytes]", quote: bytes) -> bytes:
    sign, hexadecimal, octal, short, long, _ = found.groups()
    if sign:
        if sign in b"'\"" and sign != quote:
            raise ValueError(sign)
        return ESCAPES.get(sign, sign)
    if hexadecimal or octal:
        return bytes([int(hexadecimal, 16) if hexadecimal else int(octal, 8)])
    if not (short or long):
        raise ValueError(found[0])
    return chr(int(short or long, 16)).encode()
