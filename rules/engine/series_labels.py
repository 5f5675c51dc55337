"""Labels of a series, as in Prometheus: their names and values, and the key that they make.

The key of no labels is empty, that of the label `target` alone is its value, and that of others the notation of
Prometheus, sorted by name: `{cpu="0",mode="idle"}`.
"""

import re
from collections.abc import Mapping
from typing import Any

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
MAX_LABELS, MAX_LABELS_BYTES, MAX_TARGET = 20, 2048, 200
TARGET_LABEL = "target"
METRIC_NAME_LABEL = "__name__"
NOTED_LABEL = re.compile(rf'({LABEL_NAME.pattern})="((?:[^"\\]|\\.)*)"')
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def series_key(labels: Mapping[str, str]) -> str:
    """The key of a series with these labels; an empty value is as good as none."""
    named = {name: value for name, value in labels.items() if value}
    if not named:
        return ""
    if named.keys() == {TARGET_LABEL} and not named[TARGET_LABEL].startswith("{"):
        return named[TARGET_LABEL]
    return "{" + ",".join(f'{name}="{escaped(named[name])}"' for name in sorted(named)) + "}"


def labels_of(key: str) -> dict[str, str]:
    """The labels that make this key."""
    if not key.startswith("{"):
        return {TARGET_LABEL: key} if key else {}
    return {name: unescaped(value) for name, value in NOTED_LABEL.findall(key)}


def checked_labels(labels: Any) -> dict[str, str]:
    """The labels without empty values; ValueError where they are invalid."""
    if not isinstance(labels, Mapping):
        raise ValueError('Enter labels as an object of texts, for example {"host": "web-1"}.')
    if len(labels) > MAX_LABELS:
        raise ValueError(f"A series has at most {MAX_LABELS} labels; this one has {len(labels)}.")
    named = {name: _checked(name, value) for name, value in labels.items() if value != ""}
    if len(series_key(named).encode()) > MAX_LABELS_BYTES:
        raise ValueError(f"The labels are longer than {MAX_LABELS_BYTES:,} bytes in all.")
    return named


def _checked(name: Any, value: Any) -> str:
    if not isinstance(name, str) or not LABEL_NAME.fullmatch(name):
        raise ValueError(
            f"“{str(name)[:40]}” is not a label name. A name starts with a letter or _ and contains only letters, "
            "digits and _."
        )
    if name == METRIC_NAME_LABEL:
        raise ValueError(f"{METRIC_NAME_LABEL} is the name of the metric, not a label.")
    if not isinstance(value, str):
        raise ValueError(f"The value of the label {name} must be text.")
    if "\0" in value or not _is_text(value):
        raise ValueError(f"The value of the label {name} contains a character that cannot be stored.")
    return value


def _is_text(value: str) -> bool:
    """Whether it can be encoded: not every text of JSON can."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def escaped(value: str) -> str:
    """The value of a label as it stands between quotes."""
    return value.translate(ESCAPED)


def unescaped(text: str) -> str:
    """The value of a label of what stands between quotes; a backslash before another character stands for itself."""
    return re.sub(r'\\([\\"n])', _unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]
