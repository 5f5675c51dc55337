"""Values of a rule as people write them in a file: a reader for each kind, and the writer that goes with it.

A reader raises `InvalidValue` with what would be right, by place within the value; "" is the value as a whole.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rules.authoring.conditions import CONDITION_FIELDS, stored, window_of
from rules.engine.conditions import IN_WORDS, Operator, Reducer
from rules.engine.intervals import parse_checks
from smartagent.kernel.coerce import TOO_PRECISE, as_json_number, keeps_to_the_digit, read_number
from smartagent.kernel.durations import format_duration
from smartagent.rest.fields import SHAPE, keepable

NUMBER_SCHEMA = {"type": "number", "exclusiveMinimum": -1e20, "exclusiveMaximum": 1e20}
DURATION_SCHEMA = {"type": ["string", "integer"], "pattern": SHAPE.replace("(0|", "(0|[0-9]+ checks?|"), "maximum": 0,
            "minimum": 0, "examples": ["15m"]}  # fmt: skip
CONDITION_SCHEMA = {
    "metric": {"type": "string", "maxLength": 100}, "target": {"type": "string", "maxLength": 200},
    "reducer": {"type": "string", "enum": Reducer.values}, "window": DURATION_SCHEMA,
    "operator": {"type": "string", "enum": Operator.values}, "threshold": {"type": "number"},
}  # fmt: skip
CONDITIONS_SCHEMA = {
    "type": "array",
    "maxItems": 5,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["metric", "operator", "threshold"],
        "properties": CONDITION_SCHEMA,
    },
}
SAME = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!="} | {words: sign for sign, words in IN_WORDS.items()}
Errors = dict[tuple[str | int, ...], str]


class InvalidValue(ValueError):
    """A value that cannot be read; `errors` says why, by the place within it."""

    def __init__(self, errors: str | Mapping[tuple[str | int, ...], str]) -> None:
        self.errors = {(): errors} if isinstance(errors, str) else dict(errors)
        super().__init__("; ".join(self.errors.values()))


def text(most: int) -> Callable[[Any], str]:
    """A reader of texts of at most `most` characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise InvalidValue(f"Must be text{_quoted(value)}.")
        if len(value) > most:
            raise InvalidValue(f"At most {most:,} characters; this value has {len(value):,}.")
        if not keepable(value):
            raise InvalidValue("Contains characters that cannot be stored (NUL or an unpaired surrogate).")
        return value

    return read


def choice(choices: list[str]) -> Callable[[Any], str]:
    """A reader of one of `choices`."""

    def read(value: Any) -> str:
        if value not in choices or not isinstance(value, str):
            raise InvalidValue(f"“{str(value)[:40]}” is not one of: {', '.join(choices)}.")
        return value

    return read


def operator(value: Any) -> str:
    """An operator, as a sign or in words."""
    found = SAME.get(value, value) if isinstance(value, str) else value
    if not isinstance(found, str) or found not in Operator.values:
        raise InvalidValue(
            f"“{str(value)[:40]}” is not an operator. Write {', '.join(Operator.values)} in quotes, or below."
        )
    return found


def finite(value: Any) -> Decimal:
    """A number as 64 bits can hold it."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidValue("Must be a number, for example 70 or 99.5, without quotes.")
    try:
        return read_number(value)
    except ValueError as error:
        raise InvalidValue(str(error)) from None


def number(value: Any) -> Decimal:
    """A number that a rule can keep, exactly."""
    found = finite(value)
    if not keeps_to_the_digit(found):
        raise InvalidValue(TOO_PRECISE)
    return found


def duration(value: Any) -> timedelta:
    """A duration: `15m`, `1d 12h`, `3 checks`, 0."""
    if value == 0 and not isinstance(value, bool):
        return timedelta(0)
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue("Must be a duration, for example 30m, 4h or 1d 12h; 0 means none.")
    try:
        return parse_checks(value)
    except ValueError as error:
        raise InvalidValue(str(error)) from None


def mapping(value: Any) -> dict[str, Any]:
    """An object whose names are texts."""
    if not isinstance(value, Mapping):
        raise InvalidValue("Must be an object, for example {team: db}.")
    wrong: Errors = {
        (str(name)[:100],): "Contains characters that cannot be stored." for name in value if not keepable(name)
    }
    if wrong:
        raise InvalidValue(wrong)
    return {name: plain(each, (name,)) for name, each in value.items()}


def plain(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    """`value` as JSON has it."""
    if isinstance(value, Decimal):
        return as_json_number(finite(value))
    if isinstance(value, float) and value - value != 0:
        raise InvalidValue({path: "Must be a finite number."})
    if isinstance(value, str) and not keepable(value):
        raise InvalidValue({path: "Contains characters that cannot be stored (NUL or an unpaired surrogate)."})
    if isinstance(value, Mapping):
        return {name: plain(each, (*path, name)) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each, (*path, place)) for place, each in enumerate(value)]
    return value


def conditions(value: Any) -> list[dict[str, Any]]:
    """Further conditions, as a rule keeps them."""
    if not isinstance(value, list):
        raise InvalidValue("Further conditions must be a list.")
    wrong: Errors = {}
    found = []
    for place, each in enumerate(value):
        try:
            found.append(_condition(each))
        except InvalidValue as error:
            wrong |= {(place, *inner): message for inner, message in error.errors.items()}
    if wrong:
        raise InvalidValue(wrong)
    return found


def _condition(value: Any) -> dict[str, Any]:
    known = ", ".join(CONDITION_FIELDS)
    if not isinstance(value, Mapping):
        raise InvalidValue(f"A condition must be an object with {known}.")
    wrong: Errors = {
        (str(name)[:100],): f"Unknown field of a condition. Known fields: {known}."
        for name in value.keys() - CONDITION_READERS
    }
    wrong |= {(name,): "Required." for name in ("metric", "operator", "threshold") if value.get(name) is None}
    clause: dict[str, Any] = {}
    for name, read in CONDITION_READERS.items():
        try:
            if value.get(name) is not None:
                clause[name] = read(value[name])
        except InvalidValue as error:
            wrong |= {(name, *inner): message for inner, message in error.errors.items()}
    if wrong:
        raise InvalidValue(wrong)
    return stored(clause)


CONDITION_READERS: dict[str, Callable[[Any], Any]] = {
    "metric": text(100), "target": text(200), "reducer": choice(Reducer.values), "window": duration,
    "operator": operator, "threshold": finite,
}  # fmt: skip


def as_text(value: Any) -> str:
    return str(value or "")


def as_number(value: Any) -> Decimal | float | None:
    """Exactly, and in one way only."""
    if value is None:
        return None
    try:
        found = read_number(value)
    except ValueError:
        return float(value)
    text_of = f"{found:f}"
    return Decimal(text_of.rstrip("0").rstrip(".") if "." in text_of else text_of)


def as_duration(value: timedelta) -> str:
    return format_duration(value)


def as_mapping(value: Any) -> Any:
    """In the order of the names."""
    if not isinstance(value, Mapping):
        return value
    return {name: as_mapping(value[name]) for name in sorted(value)}


def as_conditions(value: Any) -> Any:
    """What another program left there is written as it stands."""
    return [_as_condition(each) for each in value] if isinstance(value, list) else value


def _as_condition(value: Any) -> Any:
    window = window_of(value.get("window")) if isinstance(value, Mapping) else None
    if window is None or not value.keys() <= CONDITION_READERS.keys():
        return value
    given = {name: value[name] for name in CONDITION_FIELDS if value.get(name) not in (None, "")}
    if given.get("reducer") == Reducer.LAST:
        del given["reducer"]
    given.pop("window", None)
    if window:
        given["window"] = format_duration(window)
    return {name: given[name] for name in CONDITION_FIELDS if name in given}


def _quoted(value: Any) -> str:
    plain_kinds = (bool, int, float, Decimal)
    return f'; use quotes: "{str(value).lower()[:40]}"' if isinstance(value, plain_kinds) else ""
