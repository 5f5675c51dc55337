"""YAML of rules files: read into plain values with their lines, and written in one canonical form.

It is read as YAML 1.2: `on` is a text and `12:30` is no number. Numbers are read as Decimal, without rounding. Texts
are quoted wherever YAML 1.1 would read another type.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import yaml

from rules.provisioning.problems import FileRefused, Path, Problem
from rules.provisioning.yaml_limits import MAX_YAML_DEPTH, MAX_YAML_VALUES, TOO_MUCH, Loader, roots_of
from smartagent.kernel.coerce import read_number

Lines = dict[Path, int]
TAG = "tag:yaml.org,2002:"
SEVERAL = "A second YAML document begins here. A rules file has one document: list all rules under one “rules:”."
PLAIN_SCALARS = {
    "bool": (re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    "int": (re.compile(r"[-+]?[0-9]+$"), "-+0123456789"),
    "float": (
        re.compile(r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"),
        "-+.0123456789",
    ),
    "null": (re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    "merge": (re.compile(r"<<$"), "<"),
}  # fmt: skip


PLAIN_LINES = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?\n){2,}")  # as of a certificate


class Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper; it quotes texts that YAML 1.1 or 1.2 would read as another type. Plain lines stay lines."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> Any:
        return self.represent_scalar(f"{TAG}str", data, style="|" if PLAIN_LINES.fullmatch(data) else None)


Dumper.add_representer(str, Dumper.represent_str)
for name, (shape, first) in PLAIN_SCALARS.items():
    Loader.add_implicit_resolver(TAG + name, shape, list(first))
    Dumper.add_implicit_resolver(TAG + name, shape, list(first))


def load(text: str) -> tuple[Any, Lines]:
    """Parse `text` into its value and the line of each part; FileRefused if it is invalid, or has several documents."""
    documents = load_all(text)
    if len(documents) > 1:
        raise FileRefused([Problem(SEVERAL, line=line_of(documents[1][1], ()))])
    return documents[0] if documents else (None, {})


def load_all(text: str, *, as_written: bool = False) -> list[tuple[Any, Lines]]:
    """Parse each non-empty document of `text`; with `as_written`, numbers and booleans stay texts. FileRefused."""
    try:
        found = []
        for root in roots_of(text):
            reading = _Reading(as_written)
            found.append((reading.value(root, ()), reading.lines))
        return found
    except yaml.MarkedYAMLError as error:
        raise FileRefused([_in_words(error)]) from None
    except yaml.reader.ReaderError as error:
        raise FileRefused(
            [Problem(f"Invalid YAML: it has a character that YAML does not allow, {error.reason}.")]
        ) from None
    except (RecursionError, ArithmeticError, ValueError) as error:
        message = "Nested too deeply." if isinstance(error, RecursionError) else str(error)
        raise FileRefused([Problem(f"Invalid YAML: {message}")]) from None


def dump(value: Any) -> str:
    """Return `value` as YAML, in canonical form."""
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100_000)


def line_of(lines: Lines, path: Path) -> int:
    """Return the line of the value at `path`, or of the nearest value around it; 0 without lines."""
    for length in range(len(path), -1, -1):
        if found := lines.get(path[:length]):
            return found
    return 0


class _Reading:
    """Converts nodes into values, and collects their lines."""

    def __init__(self, as_written: bool = False) -> None:
        self.lines: Lines = {}
        self.count = 0
        self.scalars = SCALARS | dict.fromkeys(("bool", "int", "float"), str) if as_written else SCALARS

    def value(self, node: Any, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.count += 1
        if self.count > MAX_YAML_VALUES or len(path) > MAX_YAML_DEPTH:
            raise FileRefused([_at(node, path, TOO_MUCH)])
        if isinstance(node, yaml.MappingNode) and node.tag == f"{TAG}map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{TAG}seq":
            return [self.value(each, (*path, number)) for number, each in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag.removeprefix(TAG) in self.scalars:
            return self._scalar(node, path)
        raise FileRefused([_at(node, path, f"“{node.tag.replace(TAG, '!!')[:40]}” is not supported. {QUOTES}")])

    def _scalar(self, node: Any, path: Path) -> Any:
        """Return a scalar's value; FileRefused if it contradicts its tag, as in `!!int x`."""
        try:
            return self.scalars[node.tag.removeprefix(TAG)](node.value)
        except (ArithmeticError, ValueError, IndexError) as error:
            why = error if isinstance(error, ValueError) else "Not a number."
            raise FileRefused([_at(node, path, f"“{node.value[:40]}”: {why}")]) from None

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[Any] = []
        for key, value in node.value:
            if key.tag == f"{TAG}merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise FileRefused([_at(key, path, "Field names must be text.")])
            here = (*path, key.value)
            if key.value in found:
                raise FileRefused([_at(key, here, "Duplicate field.")])
            self.lines[here] = key.start_mark.line + 1
            found[key.value] = self.value(value, here)
        for each in merged:
            found = self._merged(each, path, found)
        return found

    def _merged(self, node: Any, path: Path, found: dict[str, Any]) -> dict[str, Any]:
        """Return the keys that `<<` merges in, except those set explicitly."""
        inherited = self.value(node, (*path, "<<"))
        if not isinstance(inherited, dict):
            raise FileRefused(
                [_at(node, (*path, "<<"), "<< must be followed by an alias of a mapping, for example *defaults.")]
            )
        for name in inherited.keys() - found.keys():
            self.lines[*path, name] = node.start_mark.line + 1
        return inherited | found


def _number(text: str) -> Any:
    is_finite = text[-1].isdigit() or text.endswith(".")
    return read_number(text) if is_finite else float(text.replace(".", "", 1).lower())


SCALARS: dict[str, Callable[[str], Any]] = {
    "str": str, "null": lambda text: None, "bool": lambda text: text.lower() == "true", "int": read_number,
    "float": _number,
}  # fmt: skip
QUOTES = 'Quote texts that begin with a special character, for example operator: ">".'


def _at(node: Any, path: Path, message: str) -> Problem:
    return Problem(message, path, node.start_mark.line + 1)


def _in_words(error: yaml.MarkedYAMLError) -> Problem:
    """Return PyYAML's error as a problem, with its line and the likely cause."""
    mark = error.problem_mark or error.context_mark
    message = ", ".join(filter(None, [error.context, error.problem]))
    line = mark.line + 1 if mark else 0
    hint = f" {QUOTES}" if "scalar" in message or "token" in message or "tag" in message else ""
    return Problem(f"Invalid YAML: {message}.{hint}", line=line)


def _represent_decimal(dumper: Any, number: Decimal) -> Any:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = "0" if text == "-0" else text
    return dumper.represent_scalar(f"{TAG}{'float' if '.' in text else 'int'}", text)


def _represent_text(dumper: Any, text: str) -> Any:
    lines = text.split("\n")
    unusual = any(sign in text for sign in "\r\x85\u2028\u2029\ufeff")
    block = len(lines) > 1 and lines[0].strip() and not unusual  # a block that begins with blanks is read differently
    return dumper.represent_scalar(f"{TAG}str", text, style='"' if unusual else "|" if block else None)


Dumper.add_representer(Decimal, _represent_decimal)
Dumper.add_representer(str, _represent_text)
