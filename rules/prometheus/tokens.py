"""The tokenizer of PromQL expressions: durations as seconds, numbers and strings as Go reads them."""

import re
from decimal import Decimal

from rules.prometheus.expressions import Unsupported
from smartagent.kernel.coerce import read_number

MAX_EXPRESSION_LENGTH = 20_000
LONGEST_NUMBER = 300
TOKEN_PATTERN = re.compile(
    r"""[ \t\r\n]+|\#[^\n]*"""
    r"""|(?P<number>0[xX][0-9a-fA-F_]+(?![\w.])|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?(?![\w:.]))"""
    r"""|(?P<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))|(?P<name>[A-Za-z_:][\w:]*)"""
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)"""
    r"""|(?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}\[\],@])""",
    re.ASCII,
)
# In Prometheus these are case-insensitive; names of metrics and functions are not.
KEYWORDS = {
    "and", "or", "unless", "atan2", "offset", "bool", "by", "without", "on", "ignoring", "group_left", "group_right",
}  # fmt: skip
PROMETHEUS_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
DURATION_PATTERN = re.compile(
    "".join(rf"(?:(\d{{1,15}}){unit})?" for unit in PROMETHEUS_UNITS), re.ASCII
)  # each once, the longest first
MAX_DURATION_SECONDS = 2**63 / 1e9  # seconds; the longest duration of Prometheus
ESCAPE = re.compile(
    rb"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))", re.S
)
ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def seconds_of(text: str) -> float:
    """The seconds of a duration such as `1h30m`; ValueError where it is invalid."""
    if text == "0":
        return 0.0
    found = DURATION_PATTERN.fullmatch(text) if text else None
    if not found:
        raise ValueError(f"“{text[:40]}” is not a Prometheus duration such as 1h30m.")
    seconds = sum(int(count or 0) * unit for count, unit in zip(found.groups(), PROMETHEUS_UNITS.values(), strict=True))
    if seconds > MAX_DURATION_SECONDS:
        raise ValueError(f"“{text[:40]}” is too long.")
    return seconds


def number_of(text: str) -> Decimal:
    """The value of a numeric literal: 010 and 0755 are octal, 0789 is decimal, 0x1F is hexadecimal, 1_000 is 1000."""
    if not re.fullmatch(r"(?:0[xX]_?)?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*", text) and "_" in text:
        raise Unsupported(f"“{text[:40]}” is not a number: _ is only allowed between the digits of a whole number.")
    plain = text.replace("_", "")
    if len(plain) > LONGEST_NUMBER:
        raise Unsupported(f"“{plain[:40]}…” is too long for a number.")
    base = 16 if plain[:2] in ("0x", "0X") else 8 if re.fullmatch(r"0[0-7]+", plain) else 10
    if base != 10 and (found := int(plain, base)) < 2**63:
        return Decimal(found)
    return read_number(int(plain, 16) if base == 16 else plain)


def text_of(literal: str) -> str:
    """The value of a string literal; Unsupported where it has an invalid escape."""
    quote, inner = literal[0], literal[1:-1]
    if quote == "`":
        return inner
    try:
        return ESCAPE.sub(lambda found: _unescaped(found, quote.encode()), inner.encode()).decode()
    except ValueError:
        raise Unsupported(f"“{inner[:40]}” has an invalid escape sequence.") from None


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


def tokens_of(text: str) -> list[tuple[str, str]]:
    """The tokens of `text` as (kind, text), without spaces and comments; Unsupported where it is invalid."""
    if len(text) > MAX_EXPRESSION_LENGTH:
        raise Unsupported(f"The expression is longer than {MAX_EXPRESSION_LENGTH:,} characters.")
    found, place = [], 0
    while place < len(text):
        match = TOKEN_PATTERN.match(text, place)
        if match is None:
            raise Unsupported(f"“{text[place : place + 20]}” is invalid.")
        if match.lastgroup:
            part = match.group()
            found.append((match.lastgroup, part.lower() if part.lower() in KEYWORDS else part))
        place = match.end()
    return found
