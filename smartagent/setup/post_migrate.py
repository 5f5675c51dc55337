"""The parts of the code that every `migrate` writes to the database: groups, schedules, grants."""

from typing import Any

from django.apps import AppConfig, apps

from smartagent.adoption import table_grants
from smartagent.setup import roles, schedules


def synchronise(*, app_config: AppConfig, using: str, **_: Any) -> None:
    """After the last app: bring groups and schedules to what the code says, and close our tables off."""
    if app_config is list(apps.get_app_configs())[-1]:
        roles.synchronise(using)
        schedules.synchronise(using)
        table_grants.close_off(using)
