"""The evidence of an activity entry: the facts stored with it, and the rule at that time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.actions import actions
from rules.backtesting.observations import Condition, ConditionResult
from rules.lifecycle.versions import as_it_was, as_recorded
from rules.models import ActivityEntry, AutomationRule
from rules.models.querysets import ActivityQuerySet
from rules.text.context import count_of, facts_of, time_of
from smartagent.kernel.coerce import as_number

NEARBY_ENTRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was read and decided for an entry. `rule` is the rule at that time, None where it was deleted; `version` is
    0 where the entry has none; `waited` is how long the instance had been in its previous state."""

    entry: ActivityEntry
    rule: AutomationRule | None
    version: int
    observed: list[ConditionResult]
    waited: timedelta | None
    before: list[ActivityEntry]
    after: list[ActivityEntry]

    @property
    def facts(self) -> Mapping[str, Any]:
        """The stored context of the entry."""
        return facts_of(self.entry)

    def time(self, name: str) -> datetime | None:
        """The fact `name` as a time."""
        return time_of(self.facts, name)


def evidence_for(entry: ActivityEntry, others: ActivityQuerySet) -> Evidence:
    """The evidence of `entry`, with the steps before and after it that are among `others`."""
    facts = facts_of(entry)
    rule, version = _as_it_then_was(entry.rule, entry, facts) if entry.rule else (None, 0)
    since = time_of(facts, "since")
    return Evidence(
        entry=entry, rule=rule, version=version, observed=_observed(facts), before=_steps(entry, others, before=True),
        after=_steps(entry, others, before=False), waited=entry.created_at - since if since else None,
    )  # fmt: skip


def outcome_links(entry: ActivityEntry) -> list[tuple[str, str, str]]:
    """What the action of `entry` created: label, name of its URL, and key."""
    outcome = facts_of(entry).get("outcome")
    if entry.action_taken not in actions or not isinstance(outcome, dict):
        return []
    leads = actions[entry.action_taken].leads_to
    return [(label, place, str(outcome[key])) for key, (label, place) in leads.items() if outcome.get(key)]


def _as_it_then_was(rule: AutomationRule, entry: ActivityEntry, facts: Mapping[str, Any]) -> tuple[AutomationRule, int]:
    """The rule at the version that the entry names, else at the entry's time."""
    recorded = count_of(facts, "rule_version")
    return as_recorded(rule, recorded) if recorded else as_it_was(rule, entry.created_at)


def _steps(entry: ActivityEntry, others: ActivityQuerySet, *, before: bool) -> list[ActivityEntry]:
    """The nearest entries of the same instance, before or after `entry`, in the order of time."""
    if entry.state_id is None:
        return []
    others = others.filter(state=entry.state_id, rule=entry.rule_id).exclude(pk=entry.pk)
    if before:
        return list(others.filter(created_at__lte=entry.created_at).order_by("-created_at", "-id")[:NEARBY_ENTRIES])[
            ::-1
        ]
    return list(others.filter(created_at__gt=entry.created_at).order_by("created_at", "id")[:NEARBY_ENTRIES])


def _observed(facts: Mapping[str, Any]) -> list[ConditionResult]:
    if isinstance(facts.get("conditions"), list):
        return [observed for each in facts["conditions"] if isinstance(each, dict) and (observed := _one(each, facts))]
    observed = _one(facts, facts) if facts.get("metric") and facts.get("operator") else None
    return [observed] if observed else []


def _one(condition_facts: Mapping[str, Any], facts: Mapping[str, Any]) -> ConditionResult | None:
    value, threshold = as_number(condition_facts.get("value")), as_number(condition_facts.get("threshold"))
    if threshold is None:
        return None
    condition = Condition(
        metric=str(condition_facts.get("metric")), operator=str(condition_facts.get("operator")), threshold=threshold,
        target=str(condition_facts.get("target") or ""), reducer=str(condition_facts.get("reducer") or "last"),
        window=timedelta(seconds=count_of(condition_facts, "window")),
        parameter=as_number(condition_facts.get("parameter")) or 0.0,
    )  # fmt: skip
    observed = time_of(facts, "observed_at") if condition.reducer == "last" and condition_facts is facts else None
    return ConditionResult(
        condition=condition, value=value, observed_at=observed, verdict=str(condition_facts.get("verdict") or ""),
        critical="critical" in facts,
    )  # fmt: skip
