"""Templates of annotations, in Go's language, translated into those of messages here.

`{{ $labels.instance }}` becomes `{{ labels.instance }}`, `{{ $value | humanize }}` becomes `{{ value | humanize }}`.
What has no counterpart, such as `query`, `range` and `if`, is named. The language:
https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

import re

FILTER_OF_FUNCTION = {
    "humanize": "humanize", "humanize1024": "humanize1024", "humanizeDuration": "humanize_duration",
    "humanizePercentage": "humanize_percentage", "humanizeTimestamp": "humanize_timestamp", "toUpper": "upcase",
    "toLower": "downcase",
}  # fmt: skip
ACTION = re.compile(
    r"\{\{(?P<before>- )?(?P<inside>(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^}\"`]|\}(?!\}))*?)(?P<after> -)?\}\}", re.S
)
TEMPLATE_PART = re.compile(r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<word>[^\s|()"`]+)|(?P<sign>[|()]))""")
TEMPLATE_LABEL = re.compile(r"(?:\$labels|\.Labels|\$\.Labels)\.([A-Za-z_]\w*)", re.ASCII)
TEMPLATE_VALUE = ("$value", ".Value", "$.Value")
LABELS = ("$labels", ".Labels", "$.Labels")
TEMPLATE_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
FORMAT = re.compile(r"%(?:[-+]?\d{0,2}(?:\.\d{1,2})?[sdvfgeq]|%)|[^%]")
MAX_SHOWN = 60  # characters of a part that is named


class Untranslatable(Exception):
    """A part of a template has no counterpart here; the message is that part."""


def translated(text: str) -> str:
    """A template in the language of messages; Untranslatable."""
    found, end, trim = "", 0, False
    for action in ACTION.finditer(text):
        plain = _plain(text[end : action.start()], begins=trim, ends=bool(action["before"]))
        found += plain + _action(action["inside"].strip())
        end, trim = action.end(), bool(action["after"])
    return found + _plain(text[end:], begins=trim, ends=False)


def _plain(text: str, *, begins: bool, ends: bool) -> str:
    """The text between two actions; `begins` and `ends` say at which end blanks are trimmed."""
    if odd := re.search(r"\{\{|\{%", text):
        raise Untranslatable(text[odd.start() :][:MAX_SHOWN])
    text = text.lstrip() if begins else text
    return text.rstrip() if ends else text


def _action(inside: str) -> str:
    if re.fullmatch(r"/\*.*\*/", inside, re.S):
        return ""
    words = _words(inside)
    stages: list[list[str]] = [[]]
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "|" and not depth:
            stages.append([])
        else:
            stages[-1].append(word)
    found = ""
    for stage in stages:
        found = _stage(_without_parentheses(stage), found, inside)
    return f"{{{{ {found} }}}}"


def _words(inside: str) -> list[str]:
    found, place = [], 0
    while place < len(inside):
        part = TEMPLATE_PART.match(inside, place)
        if part is None:
            raise Untranslatable(_named(inside))
        found.append(part[part.lastgroup or 0])
        place = part.end()
    return found


def _without_parentheses(words: list[str]) -> list[str]:
    """The words, without parentheses around `index $labels "x"`, which becomes the label."""
    found: list[str] = []
    for word in words:
        found.append(word)
        if word == ")" and len(found) >= 5 and found[-5] == "(":
            found[-5:] = _indexed(found[-4:-1]) or found[-5:]
        elif word == ")" and len(found) >= 3 and found[-3] == "(":
            found[-3:] = [found[-2]]
    return _indexed(found) or found


def _indexed(words: list[str]) -> list[str]:
    """`index $labels "x"` as `$labels.x`; empty for other words."""
    if len(words) == 3 and words[0] == "index" and words[1] in LABELS and re.fullmatch(r'"[A-Za-z_]\w*"', words[2]):
        return [f"$labels.{words[2][1:-1]}"]
    return []


def _stage(words: list[str], piped: str, inside: str) -> str:
    """One stage of a pipeline as an expression of ours; `piped` is the stage before it."""
    if len(words) == 1 and not piped:
        return _operand(words[0], inside)
    if words and words[0] in FILTER_OF_FUNCTION:
        arguments = [_operand(word, inside) for word in words[1:]] + ([piped] if piped else [])
        if len(arguments) == 1:
            return f"{arguments[0]} | {FILTER_OF_FUNCTION[words[0]]}"
    if len(words) > 1 and words[0] == "printf" and (form := _format(words[1])) is not None:
        arguments = [_operand(word, inside) for word in words[2:]] + ([piped] if piped else [])
        if all("|" not in each for each in arguments) and arguments:
            return f"{form} | printf: {', '.join(arguments)}"
    raise Untranslatable(_named(inside))


def _operand(word: str, inside: str) -> str:
    if word in TEMPLATE_VALUE:
        return "value"
    if found := TEMPLATE_LABEL.fullmatch(word):
        return f"labels.{found[1]}"
    if TEMPLATE_NUMBER.fullmatch(word):
        return word
    if word[:1] in ('"', "`") and (text := _format(word)) is not None:
        return text
    raise Untranslatable(_named(inside))


def _format(literal: str) -> str | None:
    """A text in quotes that both languages read alike; None where there is none."""
    text = literal[1:-1]
    if literal[:1] not in ('"', "`") or "\\" in text or ('"' in text and "'" in text):
        return None
    quote = "'" if '"' in text else '"'
    return f"{quote}{text}{quote}"


def _named(inside: str) -> str:
    return f"{{{{ {' '.join(inside.split())[:MAX_SHOWN]} }}}}"
