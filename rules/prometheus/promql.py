"""PromQL, parsed by the library promql-parser (in Rust, https://github.com/messense/py-promql-parser).

What would nest too deeply for its recursion is refused before: that would end the process.
"""

import re
from typing import Any

import promql_parser

from rules.prometheus.expressions import Unsupported
from rules.prometheus.literals import normalized, without_texts

MAX_EXPRESSION_LENGTH = 20_000
MAX_EXPRESSION_SIGNS = 250  # operators and brackets: each can be a level of nesting
EXPRESSION_SIGN = re.compile(r"[-+*/%^([{<>=!]|\b(?:and|or|unless|atan2)\b", re.I)
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
TEMPLATE = re.compile(r"\{\{|\{%|\$\{|\$__")
# Functions of older releases and of experiments, which a data source may know.
OLDER_FUNCTIONS = {"holt_winters": "double_exponential_smoothing"}
UNKNOWN_FUNCTION = re.compile(r"unknown function with name '(\w+)'")
NOT_PROMQL = (
    "{} is no function of PromQL. Functions and operators that only MetricsQL has are not read: write the rule by "
    "hand, as a rule on a metric query of the data source."
)


def parsed(text: str) -> Any:
    """The syntax tree of `text`; Unsupported where it is no PromQL, or too large."""
    if not text.strip():
        raise Unsupported("The expression (“expr:”) is missing.")
    if len(text) > MAX_EXPRESSION_LENGTH:
        raise Unsupported(f"The expression is longer than {MAX_EXPRESSION_LENGTH:,} characters.")
    if found := TEMPLATE.search(text):
        raise Unsupported(f"The expression has a template ({found[0]} …). Render the file first, then import it.")
    plain = normalized(text)
    if len(EXPRESSION_SIGN.findall(without_texts(plain))) > MAX_EXPRESSION_SIGNS:
        raise Unsupported(f"Nested too deeply: more than {MAX_EXPRESSION_SIGNS} operators and brackets.")
    return _parsed(plain)


def reprinted(tree: Any) -> str:
    """The text of a syntax tree; Unsupported where it would not be read as the same."""
    text: str = tree.prettify()
    if _parsed(text).prettify() != text:
        raise Unsupported("A part of the expression cannot be written on its own.")
    return text


def bare(tree: Any) -> Any:
    """A tree without the parentheses around it."""
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    return tree


def operator_of(tree: Any) -> str:
    """The operator of a binary expression, in lower case; empty for another one."""
    return str(tree.op).lower() if isinstance(tree, promql_parser.BinaryExpr) else ""


def is_bool(tree: Any) -> bool:
    """Whether a comparison gives 0 or 1 instead of filtering."""
    return bool(tree.modifier and tree.modifier.return_bool)


def _parsed(text: str) -> Any:
    for older, name in OLDER_FUNCTIONS.items():
        text = re.sub(rf"\b{older}\b(?=\s*\()", name, text)
    try:
        return promql_parser.parse(text)
    except RecursionError:
        raise Unsupported("Nested too deeply.") from None
    except ValueError as error:
        message = " ".join(str(error).split())[:200].rstrip(".")
        if unknown := UNKNOWN_FUNCTION.search(message):
            raise Unsupported(NOT_PROMQL.format(unknown[1])) from None
        raise Unsupported(f"This is no valid PromQL: {message}.") from None
