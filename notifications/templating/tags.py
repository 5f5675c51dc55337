"""The tags of templates: python-liquid's own, with counted loops and clearer errors."""

from typing import Any, TextIO

from liquid import BlockNode, Mode, RenderContext, Token
from liquid.builtin import content, output
from liquid.builtin.expressions import LoopExpression
from liquid.builtin.illegal import Illegal
from liquid.builtin.tags import assign_tag, comment_tag, for_tag, if_tag
from liquid.exceptions import LiquidSyntaxError
from liquid.stream import TokenStream
from liquid.token import TOKEN_EOF, TOKEN_TAG

from notifications.templating.filters import shown
from notifications.templating.limits import BODY_PER_STEP, LimitedContext, NotWorded

TEMPLATE_TAGS = ("if", "elsif", "else", "for", "assign", "comment", "raw")


class ShownValue(output.OutputNode):
    """A value rendered as text."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(shown(self.expression.evaluate(context)))


class Output(output.Output):
    """{{ value }}."""

    node_class = ShownValue


class UnknownTag(Illegal):
    """Any tag that is not allowed."""

    def parse(self, stream: TokenStream) -> Any:
        token = stream.current
        name = token.value[:40] if token.kind == TOKEN_TAG else "doc"
        if name in ("else", "elsif", *(f"end{tag}" for tag in TEMPLATE_TAGS)):
            raise LiquidSyntaxError(f"{{% {name} %}} closes nothing.", token=token)
        raise LiquidSyntaxError(f"Unknown tag “{name}”. Available: {', '.join(TEMPLATE_TAGS)}.", token=token)


class CountedLoop(for_tag.ForNode):
    """A loop over a list; the work of all iterations is counted before the first."""

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
            context.work.charge(self.steps * len(rows or ()))
        return super().render_to_output(context, buffer)


class If(if_tag.IfTag):
    """{% if %}, strict about {% else %}."""

    mode = Mode.STRICT

    def parse(self, stream: TokenStream) -> Any:
        return _closed(super().parse, stream)


class For(for_tag.ForTag):
    """{% for %}, counted."""

    node_class = CountedLoop

    def parse(self, stream: TokenStream) -> Any:
        return _closed(super().parse, stream)


def _closed(parse: Any, stream: TokenStream) -> Any:
    """What `parse` gives; an error that names the tag where its end is missing."""
    tag = stream.current
    try:
        return parse(stream)
    except LiquidSyntaxError as error:
        if stream.current.kind != TOKEN_EOF or (error.token and error.token.kind != TOKEN_EOF):
            raise
        problem = f"{{% {tag.value} %}} is not closed: {{% end{tag.value} %}} is missing."
        raise LiquidSyntaxError(problem, token=tag) from error


TAG_CLASSES = (content.Literal, Output, UnknownTag, If, For, assign_tag.AssignTag, comment_tag.CommentTag)
