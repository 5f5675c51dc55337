"""A recursive-descent parser of the supported part of PromQL. Anything else is refused with the reason."""

import re
from collections.abc import Sequence
from decimal import Decimal

from rules.prometheus.constants import computed
from rules.prometheus.expressions import Comparison, Joined, Selector, Unsupported
from rules.prometheus.refusals import AGGREGATIONS, FUNCTIONS, aggregated, instead_of_comparison, unknown
from rules.prometheus.tokens import KEYWORDS, number_of, seconds_of, text_of, tokens_of
from smartagent.kernel.coerce import read_number

COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
LEVELS = (("+", "-"), ("*", "/", "%"))  # lowest precedence first
ARITHMETIC = ("+", "-", "*", "/", "%", "^")
MAX_EXPRESSION_DEPTH = 50


def read_expression(text: str) -> Joined:
    """Parse `text`; Unsupported, with the part that has no counterpart here."""
    parser = _Parser(tokens_of(text))
    found = parser.joined(0)
    parser.expect_end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self.tokens, self.place = tokens, 0

    def joined(self, depth: int) -> Joined:
        """`a and b and c`, or `a or b`. Both together are refused: `and` binds closer, and a rule has no nested
        conditions."""
        if depth > MAX_EXPRESSION_DEPTH:
            raise Unsupported("Nested too deeply.")
        alternatives = [self._all(depth)]
        while self._take("or"):
            self._no_matching()
            alternatives.append(self._all(depth))
        if len(alternatives) == 1:
            return alternatives[0]
        return Joined("any", tuple(one for each in alternatives for one in _plain(each, "any")))

    def _all(self, depth: int) -> Joined:
        parts = [self._comparison(depth)]
        while self._take("and"):
            self._no_matching()
            parts.append(self._comparison(depth))
        if self._peek() == "unless":
            raise Unsupported("unless is not supported.")
        if len(parts) == 1:
            return parts[0]
        return Joined("all", tuple(one for each in parts for one in _plain(each, "all")))

    def _comparison(self, depth: int) -> Joined:
        if self._peek() == "(" and (whole := self._in_parentheses(depth)):
            return whole
        left = self._operand(depth)
        operator = self._operator()
        right = self._operand(depth)
        if isinstance(left, Decimal) and isinstance(right, Selector):
            left, operator, right = right, FLIPPED[operator], left
        if not isinstance(left, Selector) or not isinstance(right, Decimal):
            raise Unsupported("Only comparisons of one metric with one number are supported.")
        return Joined("all", (Comparison(left, operator, right),))

    def _in_parentheses(self, depth: int) -> Joined | None:
        """The parenthesized condition; None where the parentheses are one side of a comparison."""
        start = self.place
        self.place += 1
        try:
            whole = self.joined(depth + 1)
            self._expect(")")
        except Unsupported:
            if self._side_follows(start):
                self.place = start
                return None
            raise
        if self._peek() in COMPARISONS:
            raise Unsupported("Comparing a comparison is not supported.")
        return whole

    def _side_follows(self, start: int) -> bool:
        """Whether the parentheses that open at `start` are followed by a comparison operator."""
        open_ones = 0
        for place in range(start, len(self.tokens)):
            open_ones += {"(": 1, ")": -1}.get(self.tokens[place][1], 0)
            if not open_ones:
                return place + 1 < len(self.tokens) and self.tokens[place + 1][1] in (*COMPARISONS, *ARITHMETIC)
        return False

    def _operator(self) -> str:
        operator = self._peek()
        if operator not in COMPARISONS:
            raise Unsupported(instead_of_comparison(operator))
        self.place += 1
        if self._take("bool"):
            raise Unsupported("With bool, a comparison gives 0 or 1 and alerts on both; leave bool out.")
        return operator

    def _operand(self, depth: int) -> Selector | Decimal:
        """One side of a comparison: a selector, or arithmetic of constants."""
        return self._arithmetic(depth, 0)

    def _arithmetic(self, depth: int, level: int) -> Selector | Decimal:
        """Operands joined by operators of precedence `level`, evaluated from the left."""
        if level == len(LEVELS):
            return self._signed(depth)
        left = self._arithmetic(depth, level + 1)
        while self._peek() in LEVELS[level]:
            _, sign = self._next("Unexpected end of expression.")
            left = _joined(left, sign, self._arithmetic(depth, level + 1))
        return left

    def _signed(self, depth: int) -> Selector | Decimal:
        """A signed operand. The sign binds less than ^: -2^2 is -4."""
        if depth > MAX_EXPRESSION_DEPTH:
            raise Unsupported("Nested too deeply.")
        if self._take("+"):
            return self._signed(depth + 1)
        if self._take("-"):
            inner = self._signed(depth + 1)
            if isinstance(inner, Selector):
                raise Unsupported(instead_of_comparison("-"))
            return inner.copy_negate() if inner else inner
        base = self._part(depth)
        return _joined(base, "^", self._signed(depth + 1)) if self._take("^") else base

    def _part(self, depth: int) -> Selector | Decimal:
        if self._take("("):
            inner = self._operand(depth + 1)
            self._expect(")")
            return inner
        if self._peek() == "{":
            return self._instant("")
        kind, text = self._next("Unexpected end of expression.")
        if kind == "number":
            return number_of(text)
        if kind == "duration":
            return read_number(seconds_of(text))
        if kind == "name":
            return self._named(text)
        raise Unsupported(f"“{text[:40]}” is unexpected.")

    def _named(self, name: str) -> Selector:
        if name.lower() in ("nan", "inf"):
            raise Unsupported(f"{name} cannot be a threshold.")
        if name in KEYWORDS:
            raise Unsupported(f"{name} is not supported: conditions always concern the same person.")
        aggregates = name.lower() in AGGREGATIONS
        if self._peek() != "(":
            if aggregates and self._peek() in ("by", "without"):
                raise Unsupported(aggregated(name))
            return self._instant(name)
        if aggregates:
            raise Unsupported(aggregated(name))
        if name not in FUNCTIONS:
            raise Unsupported(unknown(name))
        self._expect("(")
        named = "" if self._peek() == "{" else self._next("Unexpected end of expression.")[1]
        selector = self._selector(named)
        window = self._window()
        self._no_modifier()
        self._expect(")")
        return Selector(selector.metric, selector.matchers, FUNCTIONS[name], window)

    def _instant(self, name: str) -> Selector:
        selector = self._selector(name)
        if self._peek() == "[":
            raise Unsupported("A range such as [5m] is only allowed in functions such as avg_over_time.")
        self._no_modifier()
        return selector

    def _selector(self, name: str) -> Selector:
        if name and not re.fullmatch(r"[A-Za-z_:][\w:]*", name, re.ASCII):
            raise Unsupported(f"“{name[:40]}” is not a metric.")
        names, matchers = [name] if name else [], dict[str, tuple[str, str, str]]()
        if self._take("{"):
            while not self._take("}"):
                label, operator, value = self._matcher()
                if (label, operator) == ("__name__", "="):
                    names.append(value)
                elif matchers.setdefault(label, (label, operator, value)) != (label, operator, value):
                    raise Unsupported(f"Conflicting matchers for label {label}.")
                if self._peek() != "}":
                    self._expect(",")
        if len(names) != 1:
            twice = (
                "Two metric names given." if names else "A metric name is required; matchers alone are not supported."
            )
            raise Unsupported(twice)
        return Selector(names[0], tuple(matchers.values()))

    def _matcher(self) -> tuple[str, str, str]:
        """The label, operator and text of a matcher; a text alone matches the metric's name."""
        kind, label = self._next("Missing }.")
        if kind == "text":
            label = text_of(label)
            if self._peek() in (",", "}"):
                return "__name__", "=", label
        (_, operator), (kind, value) = self._next("Missing }."), self._next("Missing }.")
        if kind != "text" or operator not in ("=", "!=", "=~", "!~"):
            raise Unsupported(f"The matcher “{label[:40]}{operator[:40]}{value[:40]}” is invalid.")
        return label, operator, text_of(value)

    def _window(self) -> float:
        self._expect("[")
        kind, text = self._next("Missing ].")
        if kind not in ("duration", "number"):
            raise Unsupported(f"“{text[:40]}” is not a duration such as 15m.")
        if self._peek() != "]":
            raise Unsupported("Subqueries such as [1h:5m] are not supported.")
        self.place += 1
        return seconds_of(text) if kind == "duration" else float(number_of(text))

    def _no_modifier(self) -> None:
        if self._peek() in ("offset", "@"):
            raise Unsupported(f"{self._peek()} is not supported: readings are always current.")

    def _no_matching(self) -> None:
        if self._peek() in ("on", "ignoring"):
            raise Unsupported(f"{self._peek()} is not supported: conditions always concern the same person.")

    def expect_end(self) -> None:
        if self.place < len(self.tokens):
            raise Unsupported(instead_of_comparison(self._peek()))

    def _peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def _take(self, text: str) -> bool:
        found = self._peek() == text
        self.place += found
        return found

    def _next(self, otherwise: str) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise Unsupported(otherwise)
        self.place += 1
        return self.tokens[self.place - 1]

    def _expect(self, text: str) -> None:
        if not self._take(text):
            found = self._peek()
            if found in ARITHMETIC:
                raise Unsupported(instead_of_comparison(found))
            raise Unsupported(f"Expected {text}, found {f'“{found}”' if found else 'the end'}.")


def _plain(joined: Joined, match: str) -> tuple[Comparison, ...]:
    if len(joined.comparisons) > 1 and joined.match != match:
        raise Unsupported("Mixing and with or is not supported: a rule uses one of them for all conditions.")
    return joined.comparisons


def _joined(left: Selector | Decimal, sign: str, right: Selector | Decimal) -> Decimal:
    if isinstance(left, Selector) or isinstance(right, Selector):
        raise Unsupported(instead_of_comparison(sign))
    return computed(left, sign, right)
