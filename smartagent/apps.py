"""The project as an app: people, the shell, and what is synchronised with every `migrate`."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from smartagent import roles, schedules


class SmartAgentConfig(AppConfig):
    name = "smartagent"
    verbose_name = "Smart Agent"

    def ready(self) -> None:
        post_migrate.connect(synchronise, dispatch_uid="smartagent.synchronise")


def synchronise(*, app_config: AppConfig, using: str, plan: Any = None, **_: Any) -> None:
    """After the last app: bring groups and schedules to what the code says."""
    if app_config is list(apps.get_app_configs())[-1]:
        roles.synchronise(using)
        schedules.synchronise(using)
