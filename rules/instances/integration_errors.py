"""The integration that each alert is about, where it has an error."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rules.metrics.integration_health import IntegrationHealth
from rules.models import Integration, RuleState


def integrations_in_error(states: Sequence[RuleState], viewer: Any) -> dict[UUID, Integration]:
    """By instance, the integration with an error that its target names; of the lowest health of all, one that has an
    error. Only those that `viewer` may see: one query."""
    people = {state.user_id for state in states if _is_about_one(state)}
    if not people or not viewer.has_perm("rules.view_integration"):
        return {}
    failing = Integration.objects.visible_to(viewer).filter(user__in=people, status=Integration.Status.ERROR)
    by_place: dict[tuple[UUID, str], Integration] = {}
    for one in failing.defer("config", "credentials_encrypted").order_by("updated_at", "id"):
        by_place |= {(one.user_id, one.integration_type): one, (one.user_id, ""): one}
    found = {state.pk: by_place.get((state.user_id, state.target)) for state in states if _is_about_one(state)}
    return {key: one for key, one in found.items() if one}


def _is_about_one(state: RuleState) -> bool:
    return bool(state.target) or state.rule.metric_type == IntegrationHealth.kind
