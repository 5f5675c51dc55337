"""Selectors of the parameter `match[]`, by which Prometheus' `/api/v1/rules` chooses rules by their labels."""

from collections.abc import Mapping, Sequence

import promql_parser

from rules.engine.label_matchers import LabelMatcher, compiled
from rules.prometheus.expressions import Unsupported
from rules.prometheus.literals import normalized
from rules.prometheus.native import SIGN_OF_MATCH
from rules.prometheus.promql import bare, parsed

EXAMPLE_SELECTOR = '{severity="critical",team=~"db.*"}'
NAME_LABEL, RULE_NAME_LABEL = "__name__", "alertname"
MAX_SELECTOR_MATCHERS = 100  # of all selectors of a request
# The parser refuses selectors that an empty series would match, which choose rules as well as others do.
NEVER_EMPTY = LabelMatcher("__selector__", "=", "of rules")


def rule_selectors(texts: Sequence[str]) -> list[list[LabelMatcher]]:
    """The matchers of each selector; Unsupported where one is none, or where there are too many."""
    selectors = [_matchers(text) for text in texts]
    if sum(map(len, selectors)) > MAX_SELECTOR_MATCHERS:
        raise Unsupported(f"At most {MAX_SELECTOR_MATCHERS} matchers are possible.")
    return selectors


def chosen_by(selectors: Sequence[Sequence[LabelMatcher]], labels: Mapping[str, str]) -> bool:
    """Whether one of the selectors agrees with `labels`, or there is none."""
    return not selectors or any(all(each.matches(labels) for each in matchers) for matchers in selectors)


def _matchers(text: str) -> list[LabelMatcher]:
    plain = normalized(text).strip()
    tree = bare(parsed(plain.replace("{", f"{{{NEVER_EMPTY},", 1)))
    if not isinstance(tree, promql_parser.VectorSelector) or tree.offset or tree.at:
        raise Unsupported(f"Give a selector, for example {EXAMPLE_SELECTOR}.")
    if tree.matchers.or_matchers:
        raise Unsupported("A selector has no or; give match[] several times, one of them must agree.")
    found = [
        LabelMatcher(each.name, SIGN_OF_MATCH[str(each.op).rpartition(".")[2]], each.value)
        for each in tree.matchers.matchers
    ]
    found += [LabelMatcher(NAME_LABEL, "=", tree.name)] if tree.name else []
    return [_checked(each) for each in found if each != NEVER_EMPTY]


def _checked(matcher: LabelMatcher) -> LabelMatcher:
    """The matcher, of the rule's name where it is of a series'."""
    try:
        if matcher.is_regex:
            compiled(matcher.value)
    except ValueError as error:
        raise Unsupported(str(error)) from None
    return LabelMatcher(RULE_NAME_LABEL, matcher.operator, matcher.value) if matcher.label == NAME_LABEL else matcher
