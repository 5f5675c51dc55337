"""Which rules and groups a request of `/api/v1/rules` asks for, and which alerts are answered.

https://prometheus.io/docs/prometheus/latest/querying/api/#rules
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Min
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from rules.models import AutomationRule, RuleState
from rules.prometheus.exposed import Shown, group_of, labels_shown
from rules.prometheus.expressions import Unsupported
from rules.prometheus.rule_selectors import chosen_by, rule_selectors

MAX_RULES, MAX_SEARCHED_RULES, MAX_ALERTS = 5000, 100_000, 10_000
MAX_FILTERS = 50  # values of a parameter
LISTS = ("rule_name[]", "rule_group[]", "file[]", "match[]")
SINGLE = ("type", "exclude_alerts", "group_limit", "group_next_token")
CHOICES = {"type": ("alert", "record"), "exclude_alerts": ("true", "false")}
ALERTING, SHOWN_STATES = ("pending", "firing", "recovering"), ("pending", "firing", "recovering", "error")
GROUP_FIELDS = ("rule_name", "uid", "provisioned_by", "severity", "labels", "user__email", "user__full_name")

Group = tuple[str, str]  # file and name


@dataclass(frozen=True)
class GroupPage:
    """Rules of some groups, and the token of the first group that is not among them."""

    rules: list[AutomationRule]
    next_token: str = ""


def refuse_parameters(request: Request, lists: tuple[str, ...], single: tuple[str, ...]) -> None:
    """ValidationError where a parameter is unknown, has too many values, or none that it can have."""
    for name, values in request.query_params.lists():
        if name not in (*lists, *single):
            known = ", ".join((*lists, *single)) or "none"
            raise ValidationError({name[:100]: [f"Unknown parameter. Valid parameters: {known}."]})
        if len(values) > (MAX_FILTERS if name in lists else 1):
            raise ValidationError({name: ["Too many values."]})
        if name in CHOICES and values[0] not in CHOICES[name]:
            raise ValidationError({name: [f"Must be {' or '.join(CHOICES[name])}."]})


def group_page(request: Request) -> GroupPage:
    """The rules of the groups that the parameters choose, up to `group_limit` groups."""
    limit, token = _group_limit(request), request.query_params.get("group_next_token")
    if token is not None and limit is None:
        raise ValidationError({"group_next_token": ["It needs group_limit beside it."]})
    groups: dict[Group, list[UUID]] = {}
    for rule in _chosen(request):
        groups.setdefault(group_of(rule), []).append(rule.pk)
    names = sorted(groups)
    begin = _place(names, token) if token is not None else 0
    end = len(names) if limit is None else begin + limit
    keys = [key for name in names[begin:end] for key in groups[name]]
    if len(keys) > MAX_RULES:
        fewer = "Ask for fewer groups by group_limit, or for fewer rules by rule_name[] or match[]."
        raise ValidationError({"detail": [f"More than {MAX_RULES:,} rules. {fewer}"]})
    rules = AutomationRule.objects.filter(pk__in=keys).select_related("user").order_by("rule_name", "pk")
    return GroupPage(list(rules), token_of(names[end]) if end < len(names) else "")


def token_of(group: Group) -> str:
    """The token of a group, which stays the same as long as the group has its name."""
    return hashlib.sha256(";".join(group).encode()).hexdigest()


def shown_of(user: Any, rules: Iterable[AutomationRule], alerts: Iterable[RuleState]) -> dict[UUID, Shown]:
    """What is shown of each rule that has instances to show: the conditions of all of them, and those of `alerts`."""
    states = RuleState.objects.visible_to(user).filter(rule__in=list(rules), condition__in=SHOWN_STATES)
    conditions: dict[UUID, dict[str, str]] = {}
    for rule, condition, reason in states.order_by().values_list("rule_id", "condition").annotate(Min("reason")):
        conditions.setdefault(rule, {})[condition] = reason
    of_rule: dict[UUID, list[RuleState]] = {}
    for state in alerts:
        of_rule.setdefault(state.rule_id, []).append(state)
    return {
        rule: Shown(conditions=frozenset(found), error=found.get("error", ""), alerts=of_rule.get(rule, []))
        for rule, found in conditions.items()
    }


def alerts_of(user: Any, rules: Iterable[AutomationRule] | None = None) -> tuple[list[RuleState], list[str]]:
    """Pending and firing instances of active rules that `user` may see, the newest first, and a warning if there are
    more than are answered."""
    states = RuleState.objects.visible_to(user).filter(condition__in=ALERTING, rule__status="active")
    states = states.filter(rule__deleted_at=None)
    if rules is not None:
        states = states.filter(rule__in=list(rules))
    found = list(states.select_related("rule", "user").order_by("-since", "-pk")[: MAX_ALERTS + 1])
    if len(found) <= MAX_ALERTS:
        return found, []
    return found[:MAX_ALERTS], [f"Only the newest {MAX_ALERTS:,} of {states.count():,} alerts are in this answer."]


def _chosen(request: Request) -> list[AutomationRule]:
    """The rules that the parameters choose, with the fields that name their groups."""
    names, groups, files, matches = (request.query_params.getlist(name) for name in LISTS)
    rules = AutomationRule.objects.visible_to(request.user).active().select_related("user").only(*GROUP_FIELDS)
    if names:
        rules = rules.filter(rule_name__in=[name.replace("\x00", "") for name in names])
    try:
        selectors = rule_selectors(matches)
    except Unsupported as error:
        raise ValidationError({"match[]": [str(error)]}) from None
    found = list(rules.order_by()[: MAX_SEARCHED_RULES + 1])
    if len(found) > MAX_SEARCHED_RULES:
        raise ValidationError({"detail": [f"More than {MAX_SEARCHED_RULES:,} rules. Name some by rule_name[]."]})
    return [
        rule
        for rule in found
        if (not groups or group_of(rule)[1] in groups)
        and (not files or group_of(rule)[0] in files)
        and chosen_by(selectors, labels_shown(rule))
    ]


def _group_limit(request: Request) -> int | None:
    text = request.query_params.get("group_limit")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not int(text):
        raise ValidationError({"group_limit": ["Enter a whole number of 1 or more."]})
    return int(text)


def _place(names: list[Group], token: str) -> int:
    """The place of the group with `token`."""
    for place, name in enumerate(names):
        if token_of(name) == token:
            return place
    raise ValidationError({"group_next_token": ["No group has this token. Were rules changed? Begin without it."]})
