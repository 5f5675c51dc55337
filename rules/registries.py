"""The registries of rules: metric sources, actions, health checks, consequences,
undoing, events. Apart from the ports, so that
models can import them."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from rules.engine.event_kinds import EventKind
from smartagent.kernel.registry import Registry

if TYPE_CHECKING:
    from rules.actions import Action
    from rules.configuration.undo_plan import Undo
    from rules.explain.consequence import ConsequenceSource
    from rules.health.check import HealthCheck
    from rules.metrics import MetricSource

metrics: "Registry[MetricSource]" = Registry("RULES_METRICS")
actions: "Registry[Action]" = Registry("RULES_ACTIONS")
checks: "Registry[HealthCheck]" = Registry("RULES_HEALTH")
undos: "Registry[Undo]" = Registry("RULES_UNDO")
consequences: "Registry[ConsequenceSource]" = Registry("RULES_CONSEQUENCES")


class EventRegistry:
    """The events of the activity log: those that apps declare (RULES_EVENTS names their tuples), and of actions."""

    def __init__(self) -> None:
        setting_changed.connect(self._forget, weak=False)

    @cached_property
    def declared(self) -> dict[str, EventKind]:
        """Every event by its kind."""
        found: dict[str, EventKind] = {}
        for event in self._every():
            if found.setdefault(event.kind, event) is not event:
                raise ImproperlyConfigured(f"Two events of the kind {event.kind!r} are declared.")
        return found

    def find(self, kind: str) -> EventKind | None:
        """The event of that kind, where one is declared."""
        return self.declared.get(kind)

    def _every(self) -> Iterator[EventKind]:
        for path in settings.RULES_EVENTS:
            yield from import_string(path)
        for action in actions:
            yield from action.events

    def _forget(self, *, setting: str, **_: Any) -> None:
        if setting in ("RULES_EVENTS", actions.setting):
            self.__dict__.pop("declared", None)


events = EventRegistry()


def action_choices() -> list[tuple[str, str]]:
    """The actions that a rule can take."""
    return actions.choices()


def health_choices() -> list[tuple[str, str]]:
    """The kinds of findings, as choices."""
    return checks.choices()
