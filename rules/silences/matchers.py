"""The matchers of a silence: in Python, equal to the SQL of `rules.silences.coverage`, and in words."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from rules.engine.series_labels import escaped, labels_of, unescaped
from rules.models import AutomationRule, RuleState, Silence
from rules.silences.coverage import words_of
from rules.silences.windows import Window, windows

Span = tuple[datetime, datetime, str]
PAIR = re.compile(
    r"""(?P<name>[^\s=,"](?:[^=,"]*[^\s=,"])?)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"\s*(?=,|$)|(?P<bare>[^,]*))""",
    re.DOTALL,
)


def agrees(silence: Silence, rule: AutomationRule, person: UUID, target: str = "") -> bool:
    """Whether `silence`, while active, covers the instance of `rule` for `person` on the series `target`."""
    named = (
        silence.rule_id in (None, rule.pk)
        and silence.user_id in (None, rule.user_id)
        and silence.person_id in (None, person)
    )
    labels = labels_of(target) if rule.watches_series else {}
    labels |= rule.labels if isinstance(rule.labels, Mapping) else {}
    return (
        named
        and (not silence.metric or silence.metric in rule.watched)
        and all(name in labels and labels[name] == value for name, value in (silence.labels or {}).items())
    )


def matchers_of(state: RuleState) -> dict[str, Any]:
    """The matchers of a silence of one instance: its rule and person, and the labels of its series where the rule has
    an instance for each."""
    rule = state.rule
    own = rule.labels if isinstance(rule.labels, Mapping) else {}
    labels = state.labels if rule.watches_series and isinstance(state.labels, Mapping) else {}
    return {
        "rule": rule.pk, "person": state.user_id,
        "labels": {name: value for name, value in labels.items() if name not in own},
    }  # fmt: skip


def between(start: datetime, end: datetime) -> list[Silence]:
    """The silences that may be active between `start` and `end`."""
    among = Silence.objects.standing(start).filter(starts_at__lt=end).order_by("pk")
    return list(among.select_related("created_by"))


def windows_for(
    rule: AutomationRule,
    person: Any,
    start: datetime,
    end: datetime,
    among: Sequence[Silence] | None = None,
    target: str = "",
) -> list[Span]:
    """The spans between `start` and `end` in which the instance of `rule` (saved or not) for `person` is silenced, each
    with its silence.

    The spans do not overlap; where several silences are active, the one that lasts longest counts, as in an evaluation.
    `among` restricts the silences, where the caller has them loaded.
    """
    key = person.pk if isinstance(person, get_user_model()) else person
    among = between(start, end) if among is None else among
    found = [
        (window, words_of(silence, window))
        for silence in among
        if agrees(silence, rule, key, target)
        for window in _windows(silence, start, end)
    ]
    return _disjoint(found)


def _windows(silence: Silence, start: datetime, end: datetime) -> list[Window]:
    try:
        return windows(silence, start, end)
    except (ValueError, OverflowError):  # an evaluation leaves it out as well, and logs it
        return []


def _disjoint(found: list[tuple[Window, str]]) -> list[Span]:
    """Make overlapping windows disjoint: at each time the one that lasts longest counts."""
    edges = sorted({edge for window, _ in found for edge in (window.start, window.end)})
    spans: list[Span] = []
    for begin, finish in pairwise(edges):
        on = [(window.end, words) for window, words in found if window.holds(begin)]
        if not on:
            continue
        words = max(on, key=lambda each: each[0])[1]
        if spans and spans[-1][1:] == (begin, words):
            spans[-1] = (spans[-1][0], finish, words)
        else:
            spans.append((begin, finish, words))
    return spans


def covers_in_words(silence: Silence) -> str:
    """The matchers in words: `the rule “Low” about Bob`, `metric cpu, labels team=db; everyone's rules`."""
    parts = [f"the rule “{silence.rule}”"] if silence.rule else []
    parts += [f"the metric {silence.metric}"] if silence.metric else []
    parts += [f"labels {labels_in_words(silence.labels)}"] if silence.labels else []
    parts += [f"readings of {silence.person}"] if silence.person else []
    whose = "" if silence.rule else f"rules of {silence.user}" if silence.user else "everyone's rules"
    if not parts:
        return f"all {whose}" if silence.user else "everything"
    return ", ".join([*parts, *([whose] if whose else [])])


def labels_in_words(labels: Any) -> str:
    """Labels as text: `team=db, tier=1`; values that would be read otherwise stand in quotes."""
    return ", ".join(f"{name}={_value_in_words(str(value))}" for name, value in (labels or {}).items())


def _value_in_words(value: str) -> str:
    plain = value and value == value.strip() and value.isprintable() and not set(value) & set(',"')
    return value if plain and not value.startswith("~") else f'"{escaped(value)}"'


def read_pairs(text: str) -> dict[str, str]:
    """The labels of a text as `labels_in_words` writes it; ValueError, in words, where it cannot be read."""
    labels: dict[str, str] = {}
    at = 0
    while text[at:].strip(", \t\r\n"):
        at += len(text[at:]) - len(text[at:].lstrip(", \t\r\n"))
        found = PAIR.match(text, at)
        if not found:
            raise ValueError(f"“{text[at : at + 40]}” is not a label. Example: team=db, tier=1.")
        if found["name"].endswith("!") or (found["bare"] or "").startswith(("~", "=")):
            raise ValueError("A silence matches values exactly, by = only. Example: team=db, tier=1.")
        quoted = found["quoted"]
        labels[found["name"]] = unescaped(quoted) if quoted is not None else found["bare"].strip()
        at = found.end()
    return labels
