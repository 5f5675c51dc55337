"""The tags that a template may use; none of them reaches out, and loops are bounded."""

from collections.abc import Mapping
from typing import Any

from django.template import defaulttags as django
from django.template.base import Node, Token
from django.template.exceptions import TemplateSyntaxError

from notifications.templating.limits import LOOPS, MAX_LOOP_ROWS, STEP, NotWorded


class LoopRows:
    """What a loop goes through: a list, as far as it is not too long."""

    def __init__(self, expression: Any) -> None:
        self.expression = expression

    def resolve(self, context: Any, ignore_failures: bool = False) -> list[Any]:
        """The rows; each of them counts as work, whatever is done with it."""
        found = self.expression.resolve(context, ignore_failures)
        if found in ("", None):
            return []
        if not isinstance(found, list | tuple | Mapping):
            raise NotWorded("“for” needs a list, such as items or labels.items.")
        rows = list(found)[:MAX_LOOP_ROWS]
        context.charge(STEP * len(rows))
        return rows


def for_tag(parser: Any, token: Token) -> Node:
    """Django's, bounded."""
    parser.loops += 1
    if parser.loops > LOOPS:
        raise TemplateSyntaxError(f"At most {LOOPS} loops can be nested.")
    node: Any = django.do_for(parser, token)
    parser.loops -= 1
    parser.given |= {*node.loopvars, "forloop"}
    node.sequence = LoopRows(node.sequence)
    return node  # type: ignore[no-any-return]


def with_tag(parser: Any, token: Token) -> Node:
    """Django's; the names that it gives can be used."""
    node: Any = django.do_with(parser, token)
    parser.given |= set(node.extra_context)
    return node  # type: ignore[no-any-return]


def firstof_tag(parser: Any, token: Token) -> Node:
    """Django's; the name that it gives can be used."""
    node: Any = django.firstof(parser, token)
    parser.given |= {node.asvar} - {None}
    return node  # type: ignore[no-any-return]


TAGS = {
    "if": django.do_if, "for": for_tag, "with": with_tag, "firstof": firstof_tag, "comment": django.comment,
    "spaceless": django.spaceless, "templatetag": django.templatetag,
}  # fmt: skip
