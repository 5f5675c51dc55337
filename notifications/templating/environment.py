"""Liquid in a sandbox: no loaders, few tags and filters, and limits on everything.

Variables are plain values of the message, and their attributes are keys of dicts or indexes of lists; nothing is
called.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from liquid import BoundTemplate, Environment, Node, RenderContext
from liquid.builtin.expressions import (
    BooleanExpression,
    FilteredExpression,
    KeywordArgument,
    LoopExpression,
    Path,
    StringLiteral,
    logical,
    primitive,
)
from liquid.exceptions import LiquidError, LiquidSyntaxError, OutputStreamLimitError
from liquid.expression import Expression

from notifications.templating import limits
from notifications.templating.context import VARIABLES
from notifications.templating.filters import FILTERS
from notifications.templating.limits import LimitedContext, NotWorded, Work
from notifications.templating.tags import TAG_CLASSES

OUTPUT_TOO_LONG = f"The output is longer than {limits.MAX_OUTPUT_LENGTH:,} characters."
HAVE_PARTS = {"labels", "items"}
OPENED = re.compile(r"(\{\{|\{%)((?:(?!\{\{|\{%|%\}|\}\}).)*)(%\}|\}\})?", re.DOTALL)
CLOSED_BY = {"{{": "}}", "{%": "%}"}
MANY_BLANKS = re.compile(r"\s{100}")
REFUSED_EXPRESSION = "Ranges, “empty” and “blank” cannot be used; {% if target %} is true where there is a target"
HARMLESS_EXPRESSIONS = (
    FilteredExpression, BooleanExpression, LoopExpression, Path, StringLiteral, primitive.IntegerLiteral,
    primitive.FloatLiteral, primitive.TrueLiteral, primitive.FalseLiteral, primitive.Nil, logical.LogicalAndExpression,
    logical.LogicalOrExpression, logical.EqExpression, logical.NeExpression, logical.LtExpression,
    logical.LeExpression, logical.GtExpression, logical.GeExpression, logical.ContainsExpression,
)  # fmt: skip


class MessageTemplate(BoundTemplate):
    """A parsed template. `names` are the variables that it uses."""

    names: frozenset[str]

    def fill_in(self, facts: Mapping[str, Any], work: Work | None = None) -> str:
        """Render with these values; NotWorded where it fails, for whatever reason."""
        context, buffer = LimitedContext(self, globals=facts, work=work), self._get_buffer()
        try:
            self.render_with_context(context, buffer)
        except NotWorded:
            raise
        except OutputStreamLimitError:
            raise NotWorded(OUTPUT_TOO_LONG) from None
        except Exception as error:  # whatever a filter or a comparison stumbles over; a message must not be lost by it
            raise NotWorded(f"The template fails: {_message(error)}") from error
        if len(text := buffer.getvalue()) > limits.MAX_OUTPUT_LENGTH:
            raise NotWorded(OUTPUT_TOO_LONG)
        return text


class MessageEnvironment(Environment):
    """The allowed tags, filters and limits."""

    block_nesting_limit = limits.MAX_BLOCKS
    context_depth_limit = limits.MAX_BLOCKS
    loop_iteration_limit = limits.MAX_ITERATIONS
    local_namespace_limit = limits.MAX_LOCALS
    output_stream_limit = 4 * limits.MAX_OUTPUT_LENGTH  # bytes
    suppress_blank_control_flow_blocks = False  # what is not written is not limited
    template_class = MessageTemplate

    def from_string(self, source: str, *args: Any, **kwargs: Any) -> MessageTemplate:
        """Parse a template."""
        return cast("MessageTemplate", super().from_string(source, *args, **kwargs))

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in TAG_CLASSES:
            self.add_tag(tag)
        self.filters.update(FILTERS)


TEMPLATE_ENVIRONMENT = MessageEnvironment()


@lru_cache(maxsize=500)
def compiled(source: str) -> MessageTemplate:
    """The template of this text; NotWorded, with the line, where it is invalid."""
    _check_source(source)
    try:
        template = TEMPLATE_ENVIRONMENT.from_string(source)
        _check_expressions(template)
        template.names = _names_of(template, source)
    except NotWorded:
        raise
    except Exception as error:  # of any kind: what the parser stumbles over is wrong with the template
        if isinstance(error.__cause__ or error, RecursionError):
            raise NotWorded("The nesting is too deep.") from None
        token = getattr(error, "token", None)
        line = f"{_line(source, token.start_index)}: " if token and token.start_index >= 0 else ""
        raise NotWorded(line + _message(error)) from error
    return template


def _check_source(source: str) -> None:
    """NotWorded where the text is too long, or has constructs that the lexer is slow to parse."""
    if len(source) > limits.MAX_TEMPLATE_LENGTH:
        raise NotWorded(
            f"The template has {len(source):,} characters; at most {limits.MAX_TEMPLATE_LENGTH:,} are allowed."
        )
    if not source.isascii() and re.search(r"[\ud800-\udfff]", source):
        raise NotWorded("The template has a broken character (half of a surrogate pair).")
    for found in OPENED.finditer(source):
        if found[3] != CLOSED_BY[found[1]]:
            raise NotWorded(f"{_line(source, found.start())}: “{found[1]}” is not closed by “{CLOSED_BY[found[1]]}”.")
        if MANY_BLANKS.search(found[2]):
            raise NotWorded(f"{_line(source, found.start())}: too many blanks in a row.")


def _check_expressions(template: MessageTemplate) -> None:
    context = LimitedContext(template)
    for node in _nodes(template.nodes, context):
        for expression in node.expressions():
            _check(expression, limits.MAX_TEMPLATE_DEPTH)


def _nodes(nodes: Iterable[Node], context: RenderContext) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _nodes(node.children(context), context)


def _check(expression: Expression, depth: int) -> None:
    """NotWorded where an expression is not of an allowed kind."""
    if not depth:
        raise NotWorded("The nesting is too deep.")
    if not isinstance(expression, HARMLESS_EXPRESSIONS):
        raise LiquidSyntaxError(REFUSED_EXPRESSION, token=expression.token)
    if isinstance(expression, logical.ContainsExpression) and not isinstance(expression.right, StringLiteral):
        raise LiquidSyntaxError("“contains” needs a text in quotes", token=expression.token)
    if isinstance(expression, FilteredExpression):
        for each in expression.filters or ():
            if any(isinstance(given, KeywordArgument) for given in each.args):
                raise LiquidSyntaxError(f"“{each.name}” has no named arguments", token=each.token)
    for child in expression.children():
        _check(child, depth - 1)


def _names_of(template: MessageTemplate, source: str) -> frozenset[str]:
    """The variables that a template uses; NotWorded where a variable or filter does not exist."""
    found = template.analyze()
    for name, spans in found.filters.items():
        if name not in FILTERS:
            where = _line(source, spans[0].index)
            raise NotWorded(f"{where}: Unknown filter “{name[:40]}”. Available: {', '.join(sorted(FILTERS))}.")
    for name, variables in found.globals.items():
        where = _line(source, variables[0].span.index)
        if name not in VARIABLES:
            raise NotWorded(f"{where}: unknown variable “{name[:40]}”. Available: {', '.join(VARIABLES)}.")
        if name not in HAVE_PARTS and any(len(each.segments) > 1 for each in variables):
            raise NotWorded(f"{where}: “{name}” has no parts; a filter changes it, as in {{{{ {name} | upcase }}}}.")
    return frozenset(found.globals)


def _line(source: str, index: int) -> str:
    return f"Line {source.count(chr(10), 0, index) + 1}"


def _message(error: Exception) -> str:
    message = error.message if isinstance(error, LiquidError) else error
    text = " ".join(str(message).split()) or type(error).__name__
    return (text[:1].upper() + text[1:300]).rstrip(".") + "."
