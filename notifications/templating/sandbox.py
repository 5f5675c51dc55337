"""Django's template language without anything that reaches out: no loaders, no libraries, few tags and filters."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from django.template import Engine, Template
from django.template.base import Lexer, Parser, TextNode, TokenType, Variable, VariableNode
from django.template.exceptions import TemplateSyntaxError

from notifications.templating.context import VARIABLES
from notifications.templating.expressions import Expression, Name, Sheet, Value, Words
from notifications.templating.filters import FILTERS
from notifications.templating.limits import LONGEST_OUTPUT, MAX_TEMPLATE_LENGTH, NotWorded
from notifications.templating.tags import TAGS

HAVE_PARTS = {"labels", "items"}
INNER_TAGS = {"else", "elif", "empty", "endif", "endfor", "endwith", "endspaceless"}
OPENED = re.compile(r"\{[{%#]")


class Bare(Engine):
    """An engine that finds no template, no tag and no filter by itself."""

    default_builtins: ClassVar[list[str]] = []


TEMPLATE_ENGINE = Bare(loaders=[], autoescape=False)


class PlainParser(Parser):
    """Knows the names, tags and filters that there are, and says so of those that there are not."""

    def __init__(self, source: str) -> None:
        super().__init__(Lexer(source).tokenize())
        self.tags, self.filters = TAGS, FILTERS
        self.loops, self.line = 0, 1
        self.given: set[str] = set()
        self.asked: dict[str, int] = {}
        self.parts: dict[str, int] = {}

    def next_token(self) -> Any:
        token = super().next_token()
        self.line = token.lineno or 1
        if token.token_type == TokenType.TEXT and (opened := OPENED.search(token.contents)):
            self.line += token.contents[: opened.start()].count("\n")
            raise NotWorded(f"Line {self.line}: “{opened[0]}” is not closed on its line.")
        return token

    def extend_nodelist(self, nodelist: Any, node: Any, token: Any) -> None:
        if isinstance(node, TextNode):
            node = Words(node.s)
        elif isinstance(node, VariableNode):
            node = Value(node.filter_expression)
        super().extend_nodelist(nodelist, node, token)

    def compile_filter(self, token: str) -> Expression:
        return Expression(token, self)

    def known(self, given: Any) -> Any:
        """`given` as a Name, where it is one; remembered with its line, as it may be given later on."""
        if not isinstance(given, Variable):
            return given
        name = Name(str(given.var))
        if name.lookups:
            self.asked.setdefault(name.lookups[0], self.line)
            if len(name.lookups) > 1 and name.lookups[0] not in HAVE_PARTS:
                self.parts.setdefault(name.lookups[0], self.line)
        return name

    def check_names(self) -> None:
        """NotWorded where a name is asked for that nothing gives."""
        for name, line in self.asked.items():
            if name not in VARIABLES and name not in self.given and name not in ("True", "False", "None"):
                raise NotWorded(f"Line {line}: unknown variable “{name[:40]}”. Available: {', '.join(VARIABLES)}.")
        for name, line in self.parts.items():
            if name in VARIABLES and name not in self.given:
                raise NotWorded(
                    f"Line {line}: “{name}” has no parts; a filter changes it, as in {{{{ {name}|upper }}}}."
                )

    def find_filter(self, filter_name: str) -> Any:
        if filter_name not in self.filters:
            raise TemplateSyntaxError(f"Unknown filter “{filter_name[:40]}”. {FILTERS_IN_WORDS}")
        return self.filters[filter_name]

    def invalid_block_tag(self, token: Any, command: str, parse_until: Any = None) -> Any:
        if command in INNER_TAGS:
            expected = f"; expected is {{% {parse_until[-1]} %}}" if parse_until else ""
            raise self.error(token, TemplateSyntaxError(f"{{% {command} %}} closes nothing{expected}."))
        raise self.error(token, TemplateSyntaxError(f"Unknown tag “{command[:40]}”. {TAGS_IN_WORDS}"))

    def unclosed_block_tag(self, parse_until: Any) -> Any:
        command, token = self.command_stack.pop()
        raise self.error(
            token, TemplateSyntaxError(f"{{% {command[:40]} %}} is not closed: {{% {parse_until[-1]} %}} is missing.")
        )


FILTERS_IN_WORDS = f"There are: {', '.join(sorted(FILTERS))}."
TAGS_IN_WORDS = f"There are: {', '.join(TAGS)}."


class Wording(Template):
    """A template that reaches nothing. `names` are those that it asks for."""

    names: frozenset[str]

    def compile_nodelist(self) -> Any:
        parser = PlainParser(self.source)
        nodes = parser.parse()
        parser.check_names()
        self.names = frozenset(parser.asked)
        return nodes

    def fill_in(self, facts: Mapping[str, Any]) -> str:
        """The text for these values; NotWorded where it fails, for whatever reason."""
        try:
            text = str(self.render(Sheet(facts)))
        except NotWorded:
            raise
        except Exception as error:  # whatever Django's tags and filters stumble over; a message must not be lost by it
            raise NotWorded(f"The template fails: {_short(error)}") from error
        if len(text) > LONGEST_OUTPUT:
            raise NotWorded(f"The output is longer than {LONGEST_OUTPUT:,} characters.")
        return text


@lru_cache(maxsize=500)
def compiled(source: str) -> Wording:
    """The template of this text; NotWorded, with the line, where it is none."""
    if len(source) > MAX_TEMPLATE_LENGTH:
        raise NotWorded(f"The template has {len(source):,} characters; at most {MAX_TEMPLATE_LENGTH:,} are allowed.")
    try:
        return Wording(source, engine=TEMPLATE_ENGINE)
    except NotWorded:
        raise
    except RecursionError:
        raise NotWorded("The nesting is too deep.") from None
    except Exception as error:  # of any kind: what Django's parser stumbles over is wrong with the template
        line = getattr(getattr(error, "token", None), "lineno", None)
        raise NotWorded((f"Line {line}: " if line else "") + _short(error)) from error


def _short(error: Exception) -> str:
    said = re.sub(r" on line \d+", "", " ".join(str(error).split())) or type(error).__name__
    return said[:300].rstrip(".") + "."
