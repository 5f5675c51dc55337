"""The three rules are changed by REST, one field at a time, with the options that they have."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Permission
from rest_framework.test import APIRequestFactory, force_authenticate

from rules.api.rules import RuleViewSet
from rules.models import AutomationRule
from smartagent.models import User

REQUESTS = APIRequestFactory()


def patched(person: User, rules: Sequence[AutomationRule]) -> list[str]:
    """Pause each rule and activate it again as `person`; what went wrong, by rule."""
    codes = ("view_automationrule", "change_automationrule")
    person.user_permissions.add(*Permission.objects.filter(codename__in=codes, content_type__app_label="rules"))
    known = User.objects.get(pk=person.pk)  # permissions are cached by person
    return [
        f"{rule}: {problem}"
        for rule in rules
        for status in ("paused", "active")
        if (problem := _patch(known, rule, status))
    ]


def _patch(person: User, rule: AutomationRule, status: str) -> str:
    request = REQUESTS.patch("/", {"status": status}, format="json")
    force_authenticate(request, user=person)
    response: Any = RuleViewSet.as_view({"patch": "partial_update"})(request, pk=str(rule.pk))
    if response.status_code != 200:
        return f"{response.status_code} {json.dumps(response.data, default=str)}"
    now = AutomationRule.objects.get(pk=rule.pk)
    if (now.status, now.action_config) != (status, rule.action_config):
        return f"it is {now.status} with the options {now.action_config}"
    return ""
