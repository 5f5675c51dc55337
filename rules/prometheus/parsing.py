"""An expression is read by recursive descent; whatever no rule of ours can say is refused with the reason."""

import re
from collections.abc import Sequence

from rules.prometheus.expressions import Comparison, Joined, Selector, Unsupported
from rules.prometheus.refusals import AGGREGATIONS, FUNCTIONS, aggregated, instead_of_comparison, unknown
from rules.prometheus.tokens import seconds_of, tokens_of

COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
DEPTH = 50


def read_expression(text: str) -> Joined:
    """What `text` says; Unsupported with what is in the way."""
    parser = _Parser(tokens_of(text))
    found = parser.joined(0)
    parser.expect_end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self.tokens, self.place = tokens, 0

    def joined(self, depth: int) -> Joined:
        """`a and b and c`, or `a or b`; `and` binds closer, so both together would need rules within rules."""
        if depth > DEPTH:
            raise Unsupported("It is nested too deeply.")
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
            raise Unsupported("unless has no counterpart here.")
        if len(parts) == 1:
            return parts[0]
        return Joined("all", tuple(one for each in parts for one in _plain(each, "all")))

    def _comparison(self, depth: int) -> Joined:
        if self._peek() == "(" and (whole := self._in_parentheses(depth)):
            return whole
        left = self._operand(depth)
        operator = self._operator()
        right = self._operand(depth)
        if isinstance(left, str) and isinstance(right, Selector):
            left, operator, right = right, FLIPPED[operator], left
        if not isinstance(left, Selector) or not isinstance(right, str):
            raise Unsupported("Each comparison here is of one metric with one number.")
        return Joined("all", (Comparison(left, operator, right),))

    def _in_parentheses(self, depth: int) -> Joined | None:
        """What stands in parentheses, where that is a condition and not one side of a comparison."""
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
            raise Unsupported("A comparison is compared again; that has no counterpart here.")
        return whole

    def _side_follows(self, start: int) -> bool:
        """Whether the parentheses that open at `start` are followed by a comparison."""
        open_ones = 0
        for place in range(start, len(self.tokens)):
            open_ones += {"(": 1, ")": -1}.get(self.tokens[place][1], 0)
            if not open_ones:
                return place + 1 < len(self.tokens) and self.tokens[place + 1][1] in COMPARISONS
        return False

    def _operator(self) -> str:
        operator = self._peek()
        if operator not in COMPARISONS:
            raise Unsupported(instead_of_comparison(operator))
        self.place += 1
        if self._take("bool"):
            raise Unsupported("With bool, a comparison gives 0 or 1 and alerts on both; leave bool out.")
        return operator

    def _operand(self, depth: int) -> Selector | str:
        if depth > DEPTH:
            raise Unsupported("It is nested too deeply.")
        if self._take("("):
            inner = self._operand(depth + 1)
            self._expect(")")
            return inner
        if self._take("-"):
            inner = self._operand(depth + 1)
            if not isinstance(inner, str):
                raise Unsupported("Arithmetic (-) has no counterpart here: push what it comes to as a metric.")
            return inner[1:] if inner.startswith("-") else f"-{inner}"
        if self._take("+"):
            return self._operand(depth + 1)
        kind, text = self._next("It ends too early.")
        if kind == "number":
            return str(int(text, 16)) if text[:2].lower() == "0x" else text
        if kind == "name":
            return self._named(text)
        if text == "{":
            raise Unsupported("A metric has a name here; matchers alone are no metric.")
        raise Unsupported(f"“{text}” is not expected here.")

    def _named(self, name: str) -> Selector | str:
        if name.lower() in ("nan", "inf"):
            raise Unsupported(f"{name} is no threshold here.")
        if name in ("on", "ignoring", "group_left", "group_right", "by", "without"):
            raise Unsupported(f"{name} has no counterpart here: conditions are about the same person.")
        if self._peek() != "(":
            if name in AGGREGATIONS and self._peek() in ("by", "without"):
                raise Unsupported(aggregated(name))
            return self._instant(name)
        if name in AGGREGATIONS:
            raise Unsupported(aggregated(name))
        if name not in FUNCTIONS:
            raise Unsupported(unknown(name))
        self._expect("(")
        selector = self._selector(self._next("It ends too early.")[1])
        window = self._window()
        self._no_modifier()
        self._expect(")")
        return Selector(selector.metric, selector.matchers, FUNCTIONS[name], window)

    def _instant(self, name: str) -> Selector:
        selector = self._selector(name)
        if self._peek() == "[":
            raise Unsupported("A range such as [5m] stands only in functions such as avg_over_time.")
        self._no_modifier()
        return selector

    def _selector(self, name: str) -> Selector:
        if not re.fullmatch(r"[A-Za-z_:][\w:]*", name):
            raise Unsupported(f"“{name}” is no metric.")
        matchers = []
        if self._take("{"):
            while not self._take("}"):
                label, operator = self._next("A } is missing.")[1], self._next("A } is missing.")[1]
                kind, value = self._next("A } is missing.")
                if kind != "text" or operator not in ("=", "!=", "=~", "!~"):
                    raise Unsupported(f"The matcher “{label}{operator}{value}” cannot be read.")
                matchers.append((label, operator, re.sub(r"\\(.)", r"\1", value[1:-1])))
                if self._peek() != "}":
                    self._expect(",")
        return Selector(name, tuple(matchers))

    def _window(self) -> float:
        self._expect("[")
        kind, text = self._next("A ] is missing.")
        if kind != "duration":
            raise Unsupported(f"“{text}” is no duration such as 15m.")
        if self._peek() != "]":
            raise Unsupported("Subqueries such as [1h:5m] have no counterpart here.")
        self.place += 1
        return seconds_of(text)

    def _no_modifier(self) -> None:
        if self._peek() in ("offset", "@"):
            raise Unsupported(f"{self._peek()} has no counterpart here: readings are those of now.")

    def _no_matching(self) -> None:
        if self._peek() in ("on", "ignoring"):
            raise Unsupported(f"{self._peek()} has no counterpart here: conditions are about the same person.")

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
            if found in ("+", "-", "*", "/", "%", "^"):
                raise Unsupported(instead_of_comparison(found))
            raise Unsupported(f"A {text} is expected where “{found or 'the end'}” stands.")


def _plain(joined: Joined, match: str) -> tuple[Comparison, ...]:
    if len(joined.comparisons) > 1 and joined.match != match:
        raise Unsupported("and and or are mixed; a rule joins all of its conditions by one of them.")
    return joined.comparisons
