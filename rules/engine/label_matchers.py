"""Matchers of labels as in Prometheus: `host="web-1"`, `host!="web-1"`, `host=~"web-.*"`, `host!~"web-.*"`.

A missing label counts as an empty one. Regular expressions have the syntax of RE2, match the whole value, and take time
linear in it (https://prometheus.io/docs/prometheus/latest/querying/basics/#instant-vector-selectors).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from rules.engine.series_labels import LABEL_NAME, MAX_LABELS_BYTES, METRIC_NAME_LABEL, escaped, unescaped

MATCHER_OPERATORS = ("=", "!=", "=~", "!~")
MAX_MATCHERS, MAX_MATCHER_LENGTH = 20, 1000
_MATCHER = re.compile(
    rf"""\s*(?P<label>{LABEL_NAME.pattern})\s*(?P<operator>=~|!~|!=|=)\s*
    (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s,"'{{}}]*))\s*""",
    re.VERBOSE | re.DOTALL,
)
EXAMPLE = 'for example host="web-1" or host=~"web-.*"'


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """One condition on one label of a series."""

    label: str
    operator: str
    value: str

    @property
    def is_regex(self) -> bool:
        return self.operator in ("=~", "!~")

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{escaped(self.value)}"'

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels is chosen."""
        found = labels.get(self.label, "")
        agrees = full_match(self.value, found) if self.is_regex else found == self.value
        return agrees is not self.operator.startswith("!")


def full_match(pattern: str, value: str) -> bool:
    """Whether the whole value matches the regular expression; ValueError where that is invalid."""
    return compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """The regular expression of RE2; ValueError, in words, where it is invalid."""
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        detail = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(f"“{pattern[:80]}” is not a regular expression of RE2: {detail}.") from None


def parse_matcher(text: str) -> LabelMatcher:
    """The matcher of a text; ValueError, in words, where it is none."""
    found = _MATCHER.fullmatch(text)
    if not found:
        raise ValueError(f"“{text[:80]}” is not a matcher. Write a label, one of =, !=, =~, !~ and a value: {EXAMPLE}.")
    return _of(found)


def parse_matchers(text: str) -> list[LabelMatcher]:
    """The matchers of a text in which they are separated by commas or lines, with or without braces."""
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    matchers, at = [], 0
    while text[at:].strip(", \t\r\n"):
        at += len(text[at:]) - len(text[at:].lstrip(", \t\r\n"))
        found = _MATCHER.match(text, at)
        separated = found and (found.end() == len(text) or text[found.end()] == "," or "\n" in found[0][-2:])
        if not found or not separated:
            raise ValueError(
                f"“{text[at : at + 80]}” is not a matcher. Write a label, one of =, !=, =~, !~ and a value: {EXAMPLE}."
            )
        matchers.append(_of(found))
        at = found.end()
    return checked_matchers(matchers)


def read_matchers(texts: Any) -> list[LabelMatcher]:
    """The matchers of a list of texts, as rules store them; ValueError, in words, where one is invalid."""
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise ValueError(f"Enter matchers as a list of texts, {EXAMPLE}.")
    return checked_matchers(parse_matcher(each) for each in texts)


def checked_matchers(matchers: Iterable[LabelMatcher]) -> list[LabelMatcher]:
    """The matchers, each once; ValueError where there are too many."""
    each_once = list(dict.fromkeys(matchers))
    if len(each_once) > MAX_MATCHERS:
        raise ValueError(f"A rule has at most {MAX_MATCHERS} matchers; this one has {len(each_once)}.")
    return each_once


def _of(found: re.Match[str]) -> LabelMatcher:
    if found["label"] == METRIC_NAME_LABEL:
        raise ValueError(f"{METRIC_NAME_LABEL} is the name of the metric, which the rule has already.")
    quoted = found["double"] if found["double"] is not None else found["single"]
    value = unescaped(quoted) if quoted is not None else found["bare"]
    if len(found["label"]) > MAX_LABELS_BYTES:
        raise ValueError(f"The label {found['label'][:40]}… is longer than the labels of a series can be.")
    if len(value) > MAX_MATCHER_LENGTH:
        raise ValueError(
            f"The value for {found['label'][:40]} has {len(value):,} characters; it can have {MAX_MATCHER_LENGTH:,}."
        )
    if "\0" in value or any("\ud800" <= each <= "\udfff" for each in value):
        raise ValueError(f"The value for {found['label'][:40]} contains a character that cannot be stored.")
    matcher = LabelMatcher(found["label"], found["operator"], value)
    if matcher.is_regex:
        compiled(value)
    return matcher
