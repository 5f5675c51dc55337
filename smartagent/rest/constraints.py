"""Constraints between the fields of a request: one value checks them and describes them in OpenAPI."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

Given = Mapping[str, Any]
Errors = dict[str, list[str]]
# As JSON Schema has it: texts, lists and objects that hold something, true, and numbers.
FILLED = {"pattern": r"\S", "minItems": 1, "minProperties": 1, "not": {"enum": [None, False]}}


class Constraint(Protocol):
    """A condition on several fields of a request."""

    def errors(self, given: Given) -> Errors:
        """Return the errors of the given fields, by field."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the condition as keywords of JSON Schema, for use beside `properties`."""
        ...


@dataclass(frozen=True)
class ExactlyOne:
    """Exactly one of these fields is given; the error is that of the first."""

    names: tuple[str, ...]
    message: str
    at: str = ""

    def errors(self, given: Given) -> Errors:
        count = sum(name in given for name in self.names)
        return {} if count == 1 else {self.at or self.names[0]: [self.message]}

    def schema(self) -> dict[str, Any]:
        return {"oneOf": [{"required": [name]} for name in self.names]}


@dataclass(frozen=True)
class AnyFilled:
    """At least one of these fields is given and not empty; the error is that of the first."""

    names: tuple[str, ...]
    message: str

    def errors(self, given: Given) -> Errors:
        return {} if any(_is_filled(given.get(name)) for name in self.names) else {self.names[0]: [self.message]}

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"required": [name], "properties": {name: FILLED}} for name in self.names]}


@dataclass(frozen=True)
class NotTogether:
    """A field and another, or one inside another (`values.threshold_value`), are not given in one request."""

    name: str
    other: str
    message: str

    def errors(self, given: Given) -> Errors:
        outer, _, inner = self.other.partition(".")
        other = inner in (given.get(outer) or {}) if inner else outer in given
        both = self.name in given and other
        return {self.name: [self.message]} if both else {}

    def schema(self) -> dict[str, Any]:
        outer, _, inner = self.other.partition(".")
        parts = {"properties": {outer: {"required": [inner]}}} if inner else {}
        return {"not": {"required": [self.name, outer]} | parts}


@dataclass(frozen=True)
class AllOrNone:
    """All of these fields are given, or none; the error is that of the last."""

    names: tuple[str, ...]
    message: str

    def errors(self, given: Given) -> Errors:
        return {} if sum(name in given for name in self.names) in (0, len(self.names)) else {self._at: [self.message]}

    def schema(self) -> dict[str, Any]:
        return {"dependentRequired": {name: [each for each in self.names if each != name] for name in self.names}}

    @property
    def _at(self) -> str:
        return self.names[-1]


@dataclass(frozen=True)
class Present:
    """A field is given; it may be empty."""

    name: str
    message: str

    def errors(self, given: Given) -> Errors:
        return {} if self.name in given else {self.name: [self.message]}

    def schema(self) -> dict[str, Any]:
        return {"required": [self.name]}


@dataclass(frozen=True)
class Absent:
    """None of these fields is given."""

    names: tuple[str, ...]
    message: str

    def errors(self, given: Given) -> Errors:
        return {name: [self.message] for name in self.names if name in given}

    def schema(self) -> dict[str, Any]:
        return {"not": {"anyOf": [{"required": [name]} for name in self.names]}}


@dataclass(frozen=True)
class Where:
    """A constraint that applies if a field has one of some values."""

    name: str
    values: tuple[str, ...]
    then: Constraint

    def errors(self, given: Given) -> Errors:
        return self.then.errors(given) if given.get(self.name) in self.values else {}

    def schema(self) -> dict[str, Any]:
        condition = {"required": [self.name], "properties": {self.name: {"enum": list(self.values)}}}
        return {"if": condition, "then": self.then.schema()}


def errors_of(constraints: tuple[Constraint, ...], given: Given) -> Errors:
    """Return the errors of all `constraints`, by field."""
    return {name: texts for each in constraints for name, texts in each.errors(given).items()}


def described(constraints: tuple[Constraint, ...]) -> dict[str, Any]:
    """Return all `constraints` as keywords of JSON Schema."""
    schemas = [each.schema() for each in constraints]
    return {"allOf": schemas} if len(schemas) > 1 else dict(*schemas)


def _is_filled(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return bool(value) or (isinstance(value, int | float | Decimal) and value is not False)
