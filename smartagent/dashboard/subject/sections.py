"""The sections that the pages of people and integrations share, each limited to some rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from notifications.models.querysets import cut_texts
from optimizer.models import OptimizationEvent
from optimizer.text.proposal import effect_in_words, strategy_name
from rules.models import RuleState
from rules.models.querysets import WORST_FIRST
from smartagent.dashboard.firing import firing_rules
from smartagent.dashboard.latest_activity import latest_activity
from smartagent.dashboard.subject.readings import MAX_SERIES, SERIES_SHOWN, readings_now
from smartagent.dashboard.subject.subject import PageSubject
from smartagent.kernel.schema_drift_log import if_there

ENTRIES_SHOWN, NOTIFICATIONS_SHOWN, OPTIMIZATIONS_SHOWN, RULES_SHOWN = 8, 6, 5, 10
MAX_ROWS = 200  # of a section that is opened


@dataclass(frozen=True, slots=True)
class SubjectSection:
    """The rows that are shown, and how many more there are, up to a limit."""

    rows: list[Any]
    more: int


def sections_of(request: HttpRequest, subject: PageSubject) -> dict[str, Any]:
    """The sections that the viewer may see, by name; None where the database lacks something for one. `?show=` opens
    the readings or the rules."""
    opened = request.GET.get("show", "")
    rules_shown = MAX_ROWS if opened == "rules" else RULES_SHOWN
    series_shown = MAX_SERIES if opened == "readings" else SERIES_SHOWN
    makers: dict[str, tuple[str, Callable[[], Any]]] = {
        "firing": ("rules.view_rulestate", partial(_firing, subject)),
        "latest": ("rules.view_activityentry", partial(_latest, subject)),
        "notifications": ("notifications.view_notification", partial(_notifications, subject)),
        "rules": ("rules.view_automationrule", partial(_rules, subject, rules_shown)),
        "optimizations": ("optimizer.view_optimizationevent", partial(_optimizations, subject)),
    }  # fmt: skip
    found = {name: if_there(make) for name, (permission, make) in makers.items() if request.user.has_perm(permission)}
    if subject.may_see_readings:
        found["readings"] = if_there(partial(readings_now, subject, series_shown))
    return found


def links_of(subject: PageSubject) -> Mapping[str, str]:
    """The lists with everything about it; notifications and optimizations of the whole person."""
    key = subject.person.pk
    about = {"person": key} | ({"target": subject.target} if subject.integration else {}) | {"within": ""}
    return {
        "activity": f"{reverse('admin:rules_activityentry_changelist')}?{urlencode(about)}",
        "notifications": f"{reverse('admin:notifications_notification_changelist')}?recipient={key}&status=",
        "optimizations": f"{reverse('admin:optimizer_optimizationevent_changelist')}?person={key}&status=",
    }


def _firing(subject: PageSubject) -> Any:
    return firing_rules(subject.states().firing(), subject.viewer, subject.now, subject.person)


def _latest(subject: PageSubject) -> Any:
    return latest_activity(subject.entries(), ENTRIES_SHOWN)


def _notifications(subject: PageSubject) -> SubjectSection:
    rows = list(subject.notifications()[: NOTIFICATIONS_SHOWN + 1])
    cut_texts(rows)
    return SubjectSection(rows[:NOTIFICATIONS_SHOWN], len(rows) - NOTIFICATIONS_SHOWN)


def _rules(subject: PageSubject, shown: int) -> SubjectSection:
    """The rules by name, each with the worst of its instances about the person as its `state`."""
    watching = subject.rules()
    rules = list(watching.order_by("rule_name", "id")[: shown + 1])
    more = watching.order_by()[:MAX_ROWS].count() - shown if len(rows := rules[:shown]) < len(rules) else 0
    worst: dict[Any, RuleState] = {}
    for state in subject.states().filter(rule__in=rows).order_by(*WORST_FIRST):
        worst.setdefault(state.rule_id, state)
    for rule in rows:
        rule.state = worst.get(rule.pk)
    return SubjectSection(rows, more)


def _optimizations(subject: PageSubject) -> SubjectSection:
    events = list(subject.optimizations().select_related("rule")[: OPTIMIZATIONS_SHOWN + 1])
    for event in events:
        event.name, event.effect_words = _name(event), effect_in_words(event) if event.verdict else ""
    return SubjectSection(events[:OPTIMIZATIONS_SHOWN], len(events) - OPTIMIZATIONS_SHOWN)


def _name(event: OptimizationEvent) -> str:
    return strategy_name(event.strategy) if event.strategy else event.get_optimization_action_display().capitalize()
