"""The addresses of the pages of rules, instances and integrations."""

from uuid import UUID

from django.urls import reverse

from rules.models import AutomationRule, Integration


def page_of(rule: AutomationRule) -> str:
    """The address of a rule."""
    return reverse("admin:rules_automationrule_page", args=[rule.pk])


def page_of_instance(state: UUID) -> str:
    """The address of an instance."""
    return reverse("admin:rules_rulestate_page", args=[state])


def page_of_integration(integration: Integration) -> str:
    """The address of an integration."""
    return reverse("admin:integration", args=[integration.pk])
