"""Title and message of a rule's notifications, which may be templates too: of the reading, the rule and its labels."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from notifications.templating import NotWorded, check
from notifications.templating.context import VARIABLES
from notifications.templating.environment import compiled
from rules.actions import Firing
from rules.engine.series_labels import labels_of
from rules.models import AutomationRule

MAX_TEXTS = 10  # different ones of one message about many instances
TEMPLATE_FAILED = "The template of the rule failed: {}"
RuleFacts = Mapping[UUID, tuple[Mapping[str, Any], str]]


def is_template(text: str) -> bool:
    """Whether a text has parts that are filled in."""
    return "{{" in text or "{%" in text


def plain_title(firing: Firing) -> str:
    """The title without a template, else the name of the rule: for messages about more than one reading."""
    title = firing.config.get("title")
    return firing.rule_name if not title or is_template(str(title)) else str(title)


def template_problem(text: str) -> str:
    """What is wrong with a title or message; empty where nothing is. Texts without parts are no templates."""
    try:
        if is_template(text):
            check(text)
    except NotWorded as error:
        return str(error)
    return ""


def rule_facts(firings: Sequence[Firing], options: Sequence[str]) -> RuleFacts:
    """Labels and runbook, by rule, of the rules that have a template in one of `options`: one statement, if any."""
    ids = {
        firing.rule_id for firing in firings if any(is_template(str(firing.config.get(name) or "")) for name in options)
    }
    rows = AutomationRule._base_manager.filter(pk__in=ids).values_list("pk", "labels", "runbook_url") if ids else ()
    return {key: (labels if isinstance(labels, dict) else {}, runbook or "") for key, labels, runbook in rows}


def filled_in(text: str, firings: Sequence[Firing], facts: RuleFacts) -> list[str]:
    """The text for each of these firings of one rule, without those that say the same; a template that fails is
    replaced by its error."""
    if not is_template(text):
        return [text] if text else []
    return list(dict.fromkeys(_filled_in(text, firing, facts) for firing in firings[:MAX_TEXTS]))


def _filled_in(text: str, firing: Firing, facts: RuleFacts) -> str:
    try:
        return compiled(text).fill_in(_variables(firing, facts)).strip()
    except NotWorded as error:
        return TEMPLATE_FAILED.format(error)


def _variables(firing: Firing, facts: RuleFacts) -> dict[str, Any]:
    labels, runbook = facts.get(firing.rule_id, ({}, ""))
    series = labels_of(firing.target)
    return dict.fromkeys(VARIABLES) | {
        "title": firing.rule_name, "severity": firing.severity, "rule_name": firing.rule_name, "metric": firing.metric,
        "value": firing.value, "operator": firing.operator, "threshold": firing.threshold,
        "target": firing.target or None, "person": firing.subject_name, "time": firing.fired_at,
        "labels": {name: str(value) for name, value in {**labels, **series}.items()} or None,
        "runbook_url": runbook or None, "count": 1,
    }  # fmt: skip
