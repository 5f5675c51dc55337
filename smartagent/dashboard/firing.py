"""What fires now, for the overview and the page of a person: the rules whose alerts need somebody most, each with its
worst alert."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils import timezone

from rules.instances.integration_errors import integrations_in_error
from rules.instances.reading_now import ReadingNow, readings_of
from rules.models import AutomationRule, Integration, RuleState
from rules.models.querysets import SEVERITY_RANK, UNACKNOWLEDGED_FIRST, WORST_FIRST, StateQuerySet
from rules.models.rule import SEVERITIES_WORST_FIRST
from rules.pages.links import page_of_instance
from rules.text.alert import crossed
from rules.text.phrases import begun, series
from rules.text.reading import aggregation_of, reading_in_words
from smartagent.kernel.durations import length_text
from smartagent.models import User

RULES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class FiringRule:
    """A rule whose alerts fire: how many, how many of them are unacknowledged, and the worst one in words."""

    rule: AutomationRule
    alerts: int
    unacknowledged: int
    severity: str
    person: User | None
    assignee: User | None
    reading: str
    now: ReadingNow | None
    failing: Integration | None
    since: datetime
    link: str
    may_acknowledge: bool

    @property
    def age(self) -> str:
        """How long the worst alert has lasted."""
        return length_text(timezone.now() - self.since)

    @property
    def aggregated(self) -> bool:
        """Whether the value of the rule is not simply the newest reading."""
        return bool(aggregation_of(self.rule))

    @property
    def others(self) -> int:
        """How many alerts of the rule are not named."""
        return self.alerts - 1


@dataclass(frozen=True, slots=True)
class FiringRules:
    """The rules that are shown, how many more fire, and where all of them are; `person` where it is about one,
    `severities` how many alerts there are of each severity, with their list."""

    rules: list[FiringRule]
    more: int
    link: str
    person: Any = None
    severities: Sequence[tuple[str, int, str]] = ()

    @property
    def alerts(self) -> int:
        """How many alerts fire, of all rules."""
        return sum(count for _, count, _ in self.severities)


def firing_rules(
    states: StateQuerySet, user: Any, now: datetime, person: Any = None, shown: int = RULES_SHOWN
) -> FiringRules:
    """The worst of what fires among `states`, all of them of `person` where one is given, by rule: eight queries,
    however much fires."""
    by_rule = states.order_by().values("rule").annotate(
        alerts=Count("pk"), unacknowledged=Count("pk", filter=Q(handling=RuleState.Handling.OPEN)),
        handled=Min(UNACKNOWLEDGED_FIRST), rank=Min(SEVERITY_RANK), newest=Max("since"),
    )  # fmt: skip
    groups = list(by_rule.order_by("handled", "rank", "-newest", "rule")[:shown])
    worst = _worst(states, [group["rule"] for group in groups])
    changeable = _changeable(user, [group["rule"] for group in groups])
    more = by_rule.count() - len(groups) if len(groups) == shown else 0
    known = [group for group in groups if group["rule"] in worst]
    shown_states = [worst[group["rule"]] for group in known]
    readings, errors = readings_of(shown_states, now), integrations_in_error(shown_states, user)
    rows = [
        _row(worst[group["rule"]], group, reading, person or user, _alerts(group["rule"], person), changeable, errors)
        for group, reading in zip(known, readings, strict=True)
    ]
    return FiringRules(rows, more, _alerts(None, person), person, _severities(states, person) if rows else ())


def _severities(states: StateQuerySet, person: Any) -> list[tuple[str, int, str]]:
    """How many alerts there are of each severity, the worst first, and the list of them."""
    ranked = states.order_by().values(rank=SEVERITY_RANK).annotate(alerts=Count("pk"))
    found = dict(ranked.values_list("rank", "alerts"))
    return [
        (severity, found[rank], _alerts(None, person, severity))
        for rank, severity in enumerate(SEVERITIES_WORST_FIRST)
        if rank in found
    ]


def _worst(states: StateQuerySet, rules: list[Any]) -> dict[Any, RuleState]:
    """The worst alert of each rule."""
    of_each = states.filter(rule__in=rules).order_by("rule_id", *WORST_FIRST).distinct("rule_id")
    return {state.rule_id: state for state in of_each.select_related("rule", "user", "assignee")}


def _changeable(user: Any, rules: list[Any]) -> set[Any]:
    """Those whose alerts `user` may acknowledge."""
    if not rules or not user.has_perm("rules.change_rulestate"):
        return set()
    found = AutomationRule.objects.changeable_by(user).filter(pk__in=rules).order_by()
    return set(found.values_list("pk", flat=True))


def _row(
    state: RuleState,
    group: dict[str, Any],
    reading: ReadingNow | None,
    known: Any,
    alerts: str,
    changeable: set[Any],
    errors: dict[Any, Integration],
) -> FiringRule:
    """The row of a rule; it does not name the person whom the viewer has before their eyes, who is `known`."""
    return FiringRule(
        rule=state.rule,
        alerts=group["alerts"],
        unacknowledged=group["unacknowledged"],
        severity=state.severity,
        person=None if state.user_id == known.pk else state.user,
        assignee=state.assignee,
        reading=_reading(state),
        now=reading,
        failing=errors.get(state.pk),
        since=state.since,
        link=page_of_instance(state.pk) if group["alerts"] == 1 else alerts,
        may_acknowledge=state.rule_id in changeable and group["unacknowledged"] > 0,
    )


def _alerts(rule: Any, person: Any, severity: str = "") -> str:
    """The list of alerts: of a rule, of a person, of a severity, where they are given."""
    wanted = {"rule": rule, "person": person and person.pk, "severity": severity}
    query = urlencode({name: key for name, key in wanted.items() if key})
    return f"{reverse('admin:rules_rulestate_changelist')}{query and '?'}{query}"


def _reading(state: RuleState) -> str:
    """`Fusion score on gmail is 63: below 70`; past the critical threshold, that one."""
    metric, how = state.rule.metric_type, aggregation_of(state.rule)
    if state.value is None:
        read = f"{series(metric, '', state.target)} has no reading"
    else:
        read = reading_in_words(how, metric, "", state.target, state.value)
    words = read if how.says_absence(state.value) else f"{read}: {crossed(state)}"
    return begun(words.removeprefix("the ") if not how else words, metric)
