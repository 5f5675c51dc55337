"""Labels of a rule: an object of text to text, typed as `team=db`, one per line."""

import re
from collections.abc import Mapping
from typing import Any

MAX_LABELS = 30
LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./:-]{0,62}")
MAX_VALUE_LENGTH = 200
LABEL_EXAMPLE = "Example: team=db."


def label_problem(labels: Any) -> str:
    """The error in `labels`; empty where they are valid."""
    if not isinstance(labels, Mapping):
        return 'Labels must be an object with text values, for example {"team": "db"}.'
    if len(labels) > MAX_LABELS:
        return f"A rule has at most {MAX_LABELS} labels; {len(labels)} were given."
    return next(filter(None, (_problem(name, value) for name, value in labels.items())), "")


def _problem(name: Any, value: Any) -> str:
    if not isinstance(name, str) or not LABEL_NAME.fullmatch(name):
        return (
            f"“{str(name)[:40]}” is not a label name. A name starts with a letter and contains only letters, digits "
            "and _ . / : - after it, for example team."
        )
    if not isinstance(value, str):
        return f"The value of label {name} must be text, for example “db”."
    if not value.strip() or len(value) > MAX_VALUE_LENGTH:
        return f"The value of label {name} must have 1 to {MAX_VALUE_LENGTH} characters."
    if any(sign in value for sign in ",\n\r"):
        return f"The value of label {name} must be one line without commas."
    return ""


def read_labels(text: str) -> dict[str, str]:
    """Parse labels, one per line or separated by commas; ValueError with the valid form."""
    labels: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[\n,]", text))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name:
            raise ValueError(f"“{part[:40]}” is not a label. {LABEL_EXAMPLE}")
        if name in labels:
            raise ValueError(f"Duplicate label {name}.")
        labels[name] = value
    return labels


def show_labels(labels: Any) -> str:
    """The labels as text, as they are typed."""
    return "\n".join(f"{name}={value}" for name, value in labels.items()) if isinstance(labels, Mapping) else ""
