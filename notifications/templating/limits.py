"""How large a template and what comes of it may be, how work is counted, and the one error of all that is wrong."""

from collections.abc import Sized
from typing import Any, TextIO

from liquid import BlockNode, RenderContext, Token
from liquid.builtin.expressions import LoopExpression
from liquid.builtin.tags.for_tag import ForNode
from liquid.undefined import UNDEFINED, is_undefined

MAX_TEMPLATE_LENGTH = 4000  # characters of a template
MAX_OUTPUT_LENGTH = 10_000  # characters that come out of it, and characters of each value on the way
MAX_LOOP_ROWS = 200  # of a list
MAX_BLOCKS = 10  # within each other
MAX_EXPRESSION_DEPTH = 30  # of an expression
MAX_ITERATIONS = 5000  # of loops within each other
MAX_LOCALS = 500_000  # bytes of the values of {% assign %}
MAX_WORK = 25_000  # steps of a rendering; about 2 µs each
BODY_PER_STEP = 8  # characters of the source of a loop's body, in one iteration
TEXT_PER_STEP = 200  # characters of a value that is read or changed


class NotWorded(Exception):
    """The template is wrong, or failed; the message of this says where and why."""


class LimitedContext(RenderContext):
    """The values that a template is filled in with, and how much work it may still do. What is missing is None."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = MAX_WORK

    def charge(self, steps: int) -> None:
        """Count work; NotWorded where it is too much."""
        self.left -= steps
        if self.left < 0:
            raise NotWorded("The template does too much; use fewer loops and shorter texts.")

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        found = super().get(path, token=token, default=default)
        self.charge(steps_of(found))
        return None if is_undefined(found) else found

    def assign(self, key: str, val: Any) -> None:
        self.charge(1 + len(self.locals))  # all of which are measured each time
        super().assign(key, val)


class CountedLoop(ForNode):
    """A loop over a list, which counts what all its iterations do before the first."""

    def __init__(
        self, token: Token, expression: LoopExpression, block: BlockNode, default: BlockNode | None = None
    ) -> None:
        super().__init__(token, expression, block, default)
        length = block.token.start_index - token.start_index  # the block's token is the tag that ends it
        self.steps = 1 + length // BODY_PER_STEP

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        rows = self.expression.iterable.evaluate(context)
        if not isinstance(rows, list | tuple | dict | None):
            raise NotWorded("“for” needs a list, such as items or labels.")
        if isinstance(context, LimitedContext):
            context.charge(self.steps * len(rows or ()))
        return super().render_to_output(context, buffer)


def steps_of(value: object) -> int:
    """How much work it is to read or change a value."""
    if isinstance(value, str):
        return 1 + len(value) // TEXT_PER_STEP
    return 1 + (len(value) if isinstance(value, Sized) else 0)
