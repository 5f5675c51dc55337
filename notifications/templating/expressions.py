"""What stands in a template: names, filters, text; all work is counted.

A name leads to a value of the message, and a part of a name to a part of a dict or a list; never to an attribute, and
nothing is called.
"""

from collections.abc import Mapping, Sized
from datetime import datetime
from typing import Any

from django.template import Context
from django.template.base import FilterExpression, TextNode, Variable, VariableNode

from notifications.templating.limits import LONGEST_OUTPUT, STEP, WORK, NotWorded


class Sheet(Context):
    """The values that a template is filled in with, and how much work it may still do."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(dict(facts), autoescape=False, use_tz=False)
        self.left = WORK

    def charge(self, units: int) -> None:
        """Count work."""
        self.left -= units
        if self.left < 0:
            raise NotWorded("The template does too much; use fewer loops and shorter texts.")


class Name(Variable):
    """A name, or a number or text that stands for itself. What is not there is the empty text."""

    def resolve(self, context: Any) -> Any:
        if self.lookups is None:
            return self.literal
        first, *parts = self.lookups
        found = context.get(first, "")
        for part in parts:
            found = part_of(found, part)
        return found


def part_of(whole: Any, part: str) -> Any:
    """A part of a dict or a list; of nothing else."""
    if isinstance(whole, Mapping):
        return list(whole.items()) if part == "items" and part not in whole else whole.get(part, "")
    if isinstance(whole, list | tuple) and part.isdecimal():
        return whole[int(part)] if int(part) < len(whole) else ""
    return ""


class Expression(FilterExpression):
    """A name with filters."""

    def __init__(self, token: str, parser: Any) -> None:
        super().__init__(token, parser)
        self.var = parser.known(self.var)
        self.filters: list[Any] = [
            (function, [(lookup, parser.known(given) if lookup else given) for lookup, given in arguments])
            for function, arguments in self.filters
        ]

    def resolve(self, context: Any, ignore_failures: bool = False) -> Any:
        found = _value(self.var, context)
        for function, arguments in self.filters:
            given = [_value(each, context) for _, each in arguments]
            context.charge(sum(map(_size, (found, *given))))
            found = function(found, *given)
            if _size(found) > LONGEST_OUTPUT + STEP:
                raise NotWorded("A value in the template becomes too long.")
        context.charge(_size(found))
        return found


class Words(TextNode):
    """What is written as it stands."""

    def render(self, context: Any) -> str:
        context.charge(_size(self.s))
        return self.s

    render_annotated = render


class Value(VariableNode):
    """A value, as text."""

    def render(self, context: Any) -> str:
        text = shown(self.filter_expression.resolve(context))
        context.charge(len(text))
        return text


def shown(value: Any) -> str:
    """A value as text; what is missing is nothing."""
    if isinstance(value, Mapping | list | tuple):
        raise NotWorded("Use {% for %} to show a list.")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def _value(given: Any, context: Any) -> Any:
    return given.resolve(context) if isinstance(given, Variable) else given


def _size(value: Any) -> int:
    return STEP + (len(value) if isinstance(value, Sized) else 0)
